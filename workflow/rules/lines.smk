# Section 3.1: lines. Figures fig2, fig3, success, fig5 and snr_training.


rule lines_pool:
    # Draw the training images, which all runs share.
    output:
        "<results>/instances/lines/pool.npy",
    log:
        "<logs>/instances/lines/pool.log",
    benchmark:
        "<benchmarks>/instances/lines/pool.jsonl"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(700),
        runtime=doubling(5),
    params:
        module="failures.lines.problem",
        pool=select("lines/pool", "n_images"),
        variant=f"variant={config['variant']}",
        code=code("draw_pool.py", "failures.lines.problem"),
    script:
        "../scripts/draw_pool.py"


rule lines_instances:
    # Draw where in the pool the tuples of every replicate begin.
    output:
        "<results>/instances/lines/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/lines/{problem}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/instances/lines/{problem}/seeds_{block}.jsonl"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.lines.problem",
        problem=select("lines/problems/{problem}", "n_images"),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("lines"),
        code=code("draw_instances.py", "failures.lines.problem"),
    script:
        "../scripts/draw_instances.py"


rule lines_train:
    # Train one learner on the tuples of a block of replicates.
    input:
        instances="<results>/instances/lines/{problem}/seeds_{block}.csv",
        pool="<results>/instances/lines/pool.npy",
    output:
        history="<results>/runs/lines/{problem}/{learner}/seeds_{block}/history.parquet",
        runs="<results>/runs/lines/{problem}/{learner}/seeds_{block}/runs.csv",
        models=directory("<results>/runs/lines/{problem}/{learner}/seeds_{block}/models"),
    log:
        "<logs>/runs/lines/{problem}/{learner}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/runs/lines/{problem}/{learner}/seeds_{block}.jsonl"
    # The longest jobs of all.
    priority: 1
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1400),
        runtime=doubling(120),
    params:
        module="failures.lines.training",
        checkpoints=f"{RESULTS}/checkpoints",
        problem=select(
            "lines/problems/{problem}",
            *["tuple_length", "n_tuples", "n_steps", "evaluate_every", "evaluation", "checkpoint_every", "snapshots"],
        ),
        learner=lookup(dpath="{learner}", within=config["lines"]["learners"]),
        threads={"threads": config["threads"]},
        code=code("train.py", "failures.lines.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"
