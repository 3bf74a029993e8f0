# Section 2, random parities. Figures fig1, parity_size, gradient_variance, depth_signal, target_blindness, predictors,
# elimination, queries and rescues.


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
register_figure(
    "parity",
    "gradient_variance",
    inputs={
        "initial": expand(
            f"{RESULTS}/gradients/parity/initial/{{learner}}.csv",
            learner=at("parity/gradient_variance/initial/learners"),
        ),
        "trained": expand(
            f"{RESULTS}/gradients/parity/trained/{{problem}}/{{learner}}.csv",
            problem=at("parity/gradient_variance/trained/problems"),
            learner=at("parity/gradient_variance/trained/learners"),
        ),
    },
    settings={},
)
register_figure(
    "parity",
    "depth_signal",
    inputs={
        "signals": expand(
            f"{RESULTS}/gradients/parity/depth/{{learner}}.csv",
            learner=at("parity/depth_signal/learners"),
        )
    },
    settings={
        "learners": selected_learners(
            "parity",
            "depth_signal",
            *["architecture", "width", "activation", "normalization", "initial_weights", "initial_biases"],
        ),
        "predicted_depths": at("parity/depth_signal/predicted_depths"),
        "spreads": at("parity/depth_signal/spreads"),
    },
)
register_figure(
    "parity",
    "target_blindness",
    inputs={
        "instances": selected_instances("parity", "target_blindness"),
        "history": selected_runs("parity", "target_blindness", "history.parquet"),
    },
    settings={"problems": selected_problems("parity", "target_blindness", "n_features", "samples")},
)
register_figure(
    "parity",
    "predictors",
    inputs={"runs": selected_runs("parity", "predictors", "runs.csv")},
    settings={"problems": selected_problems("parity", "predictors", "n_features", "encoding", "evaluation")},
)
register_figure(
    "parity",
    "elimination",
    inputs={},
    settings=config["parity"]["elimination"],
)
register_figure(
    "parity",
    "queries",
    inputs={
        "history": selected_runs("parity", "queries", "history.parquet"),
        "runs": selected_runs("parity", "queries", "runs.csv"),
    },
    settings={"problems": selected_problems("parity", "queries", "n_features", "n_steps")},
)
RESCUES = list(at("parity/rescues"))
register_figure(
    "parity",
    "rescues",
    inputs={
        "history": [path for way in RESCUES for path in selected_runs("parity", f"rescues/{way}", "history.parquet")],
        "runs": [path for way in RESCUES for path in selected_runs("parity", f"rescues/{way}", "runs.csv")],
    },
    settings={
        "ways": {
            way: selected_problems("parity", f"rescues/{way}", "n_features", "evaluation", "n_steps") for way in RESCUES
        }
    },
)


rule parity_instances:
    # Draw the target v* of each replicate.
    output:
        "<results>/instances/parity/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/parity/{problem}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/instances/parity/{problem}/seeds_{block}.jsonl"
    # Short, and training waits for it: schedule first.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.families.parity.problem",
        problem=select(
            "parity/problems/{problem}",
            *["n_features", "subset_sizes", "kind", "queries", "samples"],
        ),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("parity"),
        rates=select("parity/problems/{problem}", "rate_factors"),
        code=code("draw_instances.py", "failures.families.parity.problem"),
    script:
        "../scripts/draw_instances.py"


rule parity_train:
    # Train one learner on the targets of one block of replicates.
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
        mem_mb=doubling(1550),
        runtime=doubling(15),
    params:
        module="failures.families.parity.training",
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
                "samples",
                "kind",
                "snapshots",
            ],
        ),
        learner=lookup(dpath="{learner}", within=config["parity"]["learners"]),
        xla={"xla": config["xla"]},
        code=code("train.py", "failures.families.parity.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"


rule parity_initial_gradients:
    # Compute the variance of the gradient over all targets at initialisation.
    output:
        "<results>/gradients/parity/initial/{learner}.csv",
    log:
        "<logs>/gradients/parity/initial/{learner}.log",
    benchmark:
        "<benchmarks>/gradients/parity/initial/{learner}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(30),
    params:
        module="failures.families.parity.analyses.initial_gradients",
        settings=combine(
            named("learner"),
            select(
                "parity/learners/{learner}",
                *["architecture", "width", "depth", "activation", "normalization"],
                *["initial_weights", "initial_biases", "batch_size"],
            ),
            select(
                "parity/gradient_variance/initial",
                *["encoding", "n_features", "largest_transform", "largest_deep_transform", "largest_cube"],
                *["samples", "seeds"],
            ),
        ),
        code=code("analyze.py", "failures.families.parity.analyses.initial_gradients"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy", "scipy"),
    script:
        "../scripts/analyze.py"


rule parity_depth_gradients:
    # Compute the gradient signal of all parities at initialisation, by depth of the network.
    output:
        "<results>/gradients/parity/depth/{learner}.csv",
    log:
        "<logs>/gradients/parity/depth/{learner}.log",
    benchmark:
        "<benchmarks>/gradients/parity/depth/{learner}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(15),
    params:
        module="failures.families.parity.analyses.depth_signal",
        settings=combine(
            named("learner"),
            select(
                "parity/learners/{learner}",
                *["architecture", "width", "activation", "normalization"],
                *["initial_weights", "initial_biases", "branch_scale"],
            ),
            select("parity/depth_signal", "depths", "n_features", "seeds"),
        ),
        code=code("analyze.py", "failures.families.parity.analyses.depth_signal"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy", "scipy"),
    script:
        "../scripts/analyze.py"


rule parity_trained_gradients:
    # Compute the variance of the gradient over all targets for networks saved during training on one target.
    input:
        runs=all_blocks("parity", "runs.csv"),
        models=all_blocks("parity", "models"),
    output:
        "<results>/gradients/parity/trained/{problem}/{learner}.csv",
    log:
        "<logs>/gradients/parity/trained/{problem}/{learner}.log",
    benchmark:
        "<benchmarks>/gradients/parity/trained/{problem}/{learner}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1200),
        runtime=doubling(15),
    params:
        module="failures.families.parity.analyses.trained_gradients",
        settings=select("parity/problems/{problem}", "n_features", "encoding"),
        code=code("analyze.py", "failures.families.parity.analyses.trained_gradients"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy", "scipy"),
    script:
        "../scripts/analyze.py"
