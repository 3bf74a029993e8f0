# Section 2: random parities. Figures fig1 and parity_size.


register_figure(
    "parity",
    "fig1",
    inputs={
        "history": selected_runs("parity", "fig1", "history.parquet"),
        "published": PUBLISHED,
    },
    settings={"problems": selected_problems("parity", "fig1", "n_features")},
)
register_figure(
    "parity",
    "parity_size",
    inputs={
        "history": selected_runs("parity", "parity_size", "history.parquet"),
        "runs": selected_runs("parity", "parity_size", "runs.csv"),
    },
    settings={"problems": selected_problems("parity", "parity_size", "n_features", "encoding", "n_steps")},
)


rule parity_instances:
    # Draw the target v* of every replicate.
    output:
        "<results>/instances/parity/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/parity/{problem}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/instances/parity/{problem}/seeds_{block}.jsonl"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.parity.problem",
        problem=select("parity/problems/{problem}", "n_features", "subset_sizes"),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("parity"),
        code=code("draw_instances.py", "failures.parity.problem"),
    script:
        "../scripts/draw_instances.py"


rule parity_train:
    # Train one learner on the targets of a block of replicates.
    input:
        instances="<results>/instances/parity/{problem}/seeds_{block}.csv",
    output:
        history="<results>/runs/parity/{problem}/{learner}/seeds_{block}/history.parquet",
        runs="<results>/runs/parity/{problem}/{learner}/seeds_{block}/runs.csv",
        models=directory("<results>/runs/parity/{problem}/{learner}/seeds_{block}/models"),
    log:
        "<logs>/runs/parity/{problem}/{learner}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/runs/parity/{problem}/{learner}/seeds_{block}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1200),
        runtime=doubling(60),
    params:
        module="failures.parity.training",
        checkpoints=f"{RESULTS}/checkpoints",
        problem=select(
            "parity/problems/{problem}",
            *[
                "n_features",
                "encoding",
                "n_steps",
                "evaluate_every",
                "evaluation",
                "checkpoint_every",
            ],
        ),
        learner=lookup(dpath="parity/learners/{learner}", within=config),
        threads={"threads": config["threads"]},
        code=code("train.py", "failures.parity.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"
