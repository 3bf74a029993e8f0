# Section 4, piecewise linear curves. Figures fig6 and curve_errors use trained learners. Figures condition_numbers and
# conditioning_rates are computed from theory, without training.


register_figure(
    "curves",
    "fig6",
    inputs={"decoded": f"{RESULTS}/decoded/curves/{at('curves/fig6/problems')[0]}.csv"},
    settings={},
)
register_figure(
    "curves",
    "curve_errors",
    inputs={
        "history": selected_runs("curves", "curve_errors/training", "history.parquet"),
        "runs": selected_runs("curves", "curve_errors/samples", "runs.csv"),
    },
    settings={},
)
register_figure(
    "curves",
    "condition_numbers",
    inputs={},
    settings=config["curves"]["condition_numbers"],
)
register_figure(
    "curves",
    "conditioning_rates",
    inputs={},
    settings=config["curves"]["conditioning_rates"],
)


rule curves_instances:
    # List the training sets of each replicate: size and distribution of the curves.
    output:
        "<results>/instances/curves/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/curves/{problem}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/instances/curves/{problem}/seeds_{block}.jsonl"
    # Short, and training waits for it: schedule first.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.families.curves.problem",
        problem=select("curves/problems/{problem}", "n_curves", "distribution"),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("curves"),
        rates=select("curves/problems/{problem}", "rate_factors"),
        code=code("draw_instances.py", "failures.families.curves.problem"),
    script:
        "../scripts/draw_instances.py"


rule curves_train:
    # Train one learner on the curves of one block of replicates.
    input:
        instances="<results>/instances/curves/{problem}/seeds_{block}.csv",
    output:
        history="<results>/runs/curves/{problem}/{learner}/seeds_{block}/history.parquet",
        runs="<results>/runs/curves/{problem}/{learner}/seeds_{block}/runs.csv",
        models=directory("<results>/runs/curves/{problem}/{learner}/seeds_{block}/models"),
    log:
        "<logs>/runs/curves/{problem}/{learner}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/runs/curves/{problem}/{learner}/seeds_{block}.jsonl"
    # The autoencoder trains long: start it before the shorter jobs.
    priority: 1
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1550),
        runtime=doubling(60),
    params:
        module="failures.families.curves.training",
        checkpoints=f"{RESULTS}/checkpoints",
        problem=select(
            "curves/problems/{problem}",
            *["n_points", "n_pieces", "n_curves", "n_validation"],
            *["n_steps", "evaluate_every", "checkpoint_every", "snapshots"],
        ),
        learner=lookup(dpath="{learner}", within=config["curves"]["learners"]),
        xla={"xla": config["xla"]},
        code=code("train.py", "failures.families.curves.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"


rule curves_decode:
    # Decode a few validation curves with networks saved during training.
    input:
        runs=selected_runs("curves", "fig6", "runs.csv"),
        models=selected_runs("curves", "fig6", "models"),
    output:
        "<results>/decoded/curves/{problem}.csv",
    log:
        "<logs>/decoded/curves/{problem}.log",
    benchmark:
        "<benchmarks>/decoded/curves/{problem}.jsonl"
    localrule: True
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1200),
        runtime=doubling(10),
    params:
        module="failures.families.curves.analyses.decoding",
        settings=combine(
            select("curves/problems/{problem}", "n_points", "n_pieces", "n_validation"),
            select("curves/fig6", "steps", "n_shown"),
        ),
        code=code("analyze.py", "failures.families.curves.analyses.decoding"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/analyze.py"
