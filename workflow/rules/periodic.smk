# Section 2, linear-periodic targets (Theorem 2). Figures linear_periodic and linear_periodic_variance.


register_figure(
    "periodic",
    "linear_periodic",
    inputs={
        "history": selected_runs("periodic", "linear_periodic", "history.parquet"),
        "runs": selected_runs("periodic", "linear_periodic", "runs.csv"),
    },
    settings={"problems": selected_problems("periodic", "linear_periodic", "n_features")},
)
register_figure(
    "periodic",
    "linear_periodic_variance",
    inputs={
        "gradients": expand(
            f"{RESULTS}/gradients/periodic/{{learner}}.csv",
            learner=config["periodic"]["linear_periodic_variance"]["learners"],
        ),
    },
    settings={key: config["periodic"]["linear_periodic_variance"][key] for key in ("n_features", "norms")},
)


rule periodic_instances:
    # Draw the direction of v of each replicate.
    output:
        "<results>/instances/periodic/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/periodic/{problem}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/instances/periodic/{problem}/seeds_{block}.jsonl"
    # Short, and training waits for it: schedule first.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.families.periodic.problem",
        problem=select("periodic/problems/{problem}", "n_features", "waves", "norms"),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("periodic"),
        rates=select("periodic/problems/{problem}", "rate_factors"),
        code=code("draw_instances.py", "failures.families.periodic.problem"),
    script:
        "../scripts/draw_instances.py"


rule periodic_train:
    # Train one learner on the targets of one block of replicates.
    input:
        instances="<results>/instances/periodic/{problem}/seeds_{block}.csv",
    output:
        history="<results>/runs/periodic/{problem}/{learner}/seeds_{block}/history.parquet",
        runs="<results>/runs/periodic/{problem}/{learner}/seeds_{block}/runs.csv",
        models=directory("<results>/runs/periodic/{problem}/{learner}/seeds_{block}/models"),
    log:
        "<logs>/runs/periodic/{problem}/{learner}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/runs/periodic/{problem}/{learner}/seeds_{block}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1200),
        runtime=doubling(15),
    params:
        module="failures.families.periodic.training",
        checkpoints=f"{RESULTS}/checkpoints",
        problem=select(
            "periodic/problems/{problem}",
            *["n_features", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
        ),
        learner=lookup(dpath="{learner}", within=config["periodic"]["learners"]),
        xla={"xla": config["xla"]},
        code=code("train.py", "failures.families.periodic.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"


rule periodic_gradients:
    # Compute the variance of the gradient over directions of v for one learner at initialisation.
    output:
        "<results>/gradients/periodic/{learner}.csv",
    log:
        "<logs>/gradients/periodic/{learner}.log",
    benchmark:
        "<benchmarks>/gradients/periodic/{learner}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1300),
        runtime=doubling(15),
    params:
        module="failures.families.periodic.analyses.gradient_variance",
        settings=combine(
            named("learner"),
            select(
                "periodic/learners/{learner}",
                *["architecture", "width", "depth", "activation", "normalization"],
                *["initial_weights", "initial_biases"],
            ),
            select(
                "periodic/linear_periodic_variance",
                *["waves", "n_features", "norms", "seeds", "n_pairs", "n_samples"],
            ),
        ),
        code=code("analyze.py", "failures.families.periodic.analyses.gradient_variance"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy", "scipy"),
    script:
        "../scripts/analyze.py"
