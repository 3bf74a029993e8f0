# Section 3.1, tuples of lines. Figures fig2, fig3, success, fig5, snr_training, snr_depth and fooling.

POOL = f"{RESULTS}/instances/lines/pool.npy"
# Figure whose runs supply the networks of each kind for `lines_trained_signal`.
KINDS = {"trained": "snr_training", "success": "success"}
LENGTHS = {name: problem["tuple_length"] for name, problem in config["lines"]["problems"].items()}


register_figure(
    "lines",
    "fig2",
    inputs={},
    settings=config["lines"]["fig2"] | {"variant": config["variant"]},
)
register_figure(
    "lines",
    "fig3",
    inputs={
        "history": selected_runs("lines", "fig3", "history.parquet"),
        "final": f"{RESULTS}/predictions/lines/final.csv",
        "pool": POOL,
        "published": PUBLISHED,
    },
    settings={"tuple_lengths": {name: LENGTHS[name] for name in at("lines/fig3/problems")}},
)
register_figure(
    "lines",
    "success",
    inputs={"history": selected_runs("lines", "success", "history.parquet"), "pool": POOL},
    settings={"tuple_lengths": {name: LENGTHS[name] for name in at("lines/success/problems")}},
)
register_figure(
    "lines",
    "fig5",
    inputs={
        "initial": expand(
            f"{RESULTS}/gradients/lines/initial/seeds_{{block}}.csv", block=blocks(at("lines/fig5/seeds"))
        ),
        "published": PUBLISHED,
    },
    settings={},
)
register_figure(
    "lines",
    "snr_training",
    inputs={
        **{kind: f"{RESULTS}/gradients/lines/{kind}.csv" for kind in KINDS},
        "learnt": f"{RESULTS}/tables/success.csv",
    },
    settings={"methods": {name: learner["method"] for name, learner in config["lines"]["learners"].items()}},
)
register_figure(
    "lines",
    "snr_depth",
    inputs={"depth": f"{RESULTS}/gradients/lines/depth.csv"},
    settings={},
)
register_figure(
    "lines",
    "fooling",
    inputs={"fooling": f"{RESULTS}/predictions/lines/fooling.csv"},
    settings={},
)


rule lines_pool:
    # Draw the pool of training images, which all runs share.
    output:
        "<results>/instances/lines/pool.npy",
    log:
        "<logs>/instances/lines/pool.log",
    benchmark:
        "<benchmarks>/instances/lines/pool.jsonl"
    # Short, and training waits for it: schedule first.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(700),
        runtime=doubling(5),
    params:
        module="failures.families.lines.problem",
        pool=select("lines/pool", "n_images"),
        variant=f"variant={config['variant']}",
        code=code("draw_pool.py", "failures.families.lines.problem"),
    script:
        "../scripts/draw_pool.py"


rule lines_instances:
    # Draw the offset in the pool at which each replicate's tuples begin.
    output:
        "<results>/instances/lines/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/lines/{problem}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/instances/lines/{problem}/seeds_{block}.jsonl"
    # Short, and training waits for it: schedule first.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.families.lines.problem",
        problem=select("lines/problems/{problem}", "n_images"),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("lines"),
        rates=select("lines/problems/{problem}", "rate_factors"),
        code=code("draw_instances.py", "failures.families.lines.problem"),
    script:
        "../scripts/draw_instances.py"


rule lines_train:
    # Train one learner on the tuples of one block of replicates.
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
    # The longest jobs of the workflow: start them early.
    priority: 2
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1550),
        runtime=doubling(120),
    params:
        module="failures.families.lines.training",
        checkpoints=f"{RESULTS}/checkpoints",
        problem=select(
            "lines/problems/{problem}",
            *["tuple_length", "n_tuples", "n_steps", "evaluate_every", "evaluation", "checkpoint_every", "snapshots"],
        ),
        learner=lookup(dpath="{learner}", within=config["lines"]["learners"]),
        xla={"xla": config["xla"]},
        code=code("train.py", "failures.families.lines.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"


rule lines_accuracy:
    # Measure the accuracy of the trained networks on held-out tuples.
    input:
        runs=selected_runs("lines", "fig3", "runs.csv"),
        models=selected_runs("lines", "fig3", "models"),
    output:
        "<results>/predictions/lines/final.csv",
    log:
        "<logs>/predictions/lines/final.log",
    benchmark:
        "<benchmarks>/predictions/lines/final.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1400),
        runtime=doubling(30),
    params:
        module="failures.families.lines.analyses.final_accuracy",
        settings={
            "n_test": at("lines/fig3/n_test"),
            "tuple_lengths": {name: LENGTHS[name] for name in at("lines/fig3/problems")},
            "variant": config["variant"],
        },
        code=code("analyze.py", "failures.families.lines.analyses.final_accuracy"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/analyze.py"


rule lines_initial_signal:
    # Measure the gradient's signal and noise at initialisation, for one block of seeds.
    input:
        pool=POOL,
    output:
        "<results>/gradients/lines/initial/seeds_{block}.csv",
    log:
        "<logs>/gradients/lines/initial/seeds_{block}.log",
    benchmark:
        "<benchmarks>/gradients/lines/initial/seeds_{block}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1400),
        runtime=doubling(60),
    params:
        module="failures.families.lines.analyses.initial_signal",
        settings=lambda wildcards: {
            "tuple_lengths": at("lines/fig5/tuple_lengths"),
            "n_tuples": at("lines/fig5/n_tuples"),
            "seeds": sorted(seed for seed in at("lines/fig5/seeds") if wildcards.block in blocks([seed])),
            "variant": config["variant"],
        },
        code=code("analyze.py", "failures.families.lines.analyses.initial_signal"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/analyze.py"


rule lines_trained_signal:
    # Measure the gradient's signal and noise of networks saved during training or at initialisation (kind success).
    input:
        pool=POOL,
        runs=lambda wildcards: selected_runs("lines", KINDS[wildcards.kind], "runs.csv"),
        models=lambda wildcards: selected_runs("lines", KINDS[wildcards.kind], "models"),
    output:
        "<results>/gradients/lines/{kind}.csv",
    log:
        "<logs>/gradients/lines/{kind}.log",
    benchmark:
        "<benchmarks>/gradients/lines/{kind}.jsonl"
    wildcard_constraints:
        kind="|".join(KINDS),
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1400),
        runtime=doubling(60),
    params:
        module="failures.families.lines.analyses.trained_signal",
        settings=lambda wildcards: {
            "n_tuples": at("lines/snr_training/" + {"trained": "n_tuples", "success": "n_start"}[wildcards.kind]),
            "tuple_lengths": {name: LENGTHS[name] for name in at(f"lines/{KINDS[wildcards.kind]}/problems")},
            "variant": config["variant"],
            "initial": wildcards.kind == "success",
        },
        code=code("analyze.py", "failures.families.lines.analyses.trained_signal"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/analyze.py"


rule lines_depth_signal:
    # Measure the gradient's signal and noise at initialisation, with residual blocks in N1, which scores an image.
    input:
        pool=POOL,
    output:
        "<results>/gradients/lines/depth.csv",
    log:
        "<logs>/gradients/lines/depth.log",
    benchmark:
        "<benchmarks>/gradients/lines/depth.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1400),
        runtime=doubling(60),
    params:
        module="failures.families.lines.analyses.depth_signal",
        settings=at("lines/snr_depth") | {"variant": config["variant"]},
        code=code("analyze.py", "failures.families.lines.analyses.depth_signal"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/analyze.py"


rule lines_fooling:
    # Search for inputs that fool the trained networks: single-pixel changes, small perturbations and noise images.
    input:
        pool=POOL,
        runs=selected_runs("lines", "fooling", "runs.csv"),
        models=selected_runs("lines", "fooling", "models"),
    output:
        "<results>/predictions/lines/fooling.csv",
    log:
        "<logs>/predictions/lines/fooling.log",
    benchmark:
        "<benchmarks>/predictions/lines/fooling.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1400),
        runtime=doubling(60),
    params:
        module="failures.families.lines.analyses.fooling",
        settings={
            "settings": {
                key: value for key, value in at("lines/fooling").items() if key.startswith(("n_", "largest"))
            },
            "variant": config["variant"],
        },
        code=code("analyze.py", "failures.families.lines.analyses.fooling"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/analyze.py"
