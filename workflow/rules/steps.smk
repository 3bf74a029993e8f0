# Section 5, flat activations. Figures fig7, step_learners, bias_sensitivity and forward_only.


register_figure(
    "steps",
    "fig7",
    inputs={"predictions": f"{RESULTS}/predictions/steps/{at('steps/fig7/problems')[0]}.csv"},
    settings={},
)
register_figure(
    "steps",
    "step_learners",
    inputs={
        "history": selected_runs("steps", "step_learners", "history.parquet"),
        "runs": selected_runs("steps", "step_learners", "runs.csv"),
    },
    settings={
        "n_features": at(f"steps/problems/{at('steps/step_learners/problems')[0]}/n_features"),
        "learners": selected_learners("steps", "step_learners", "kind", "depth", "width", "n_logits", "batch_size"),
        "targets": at("steps/step_learners/targets"),
    },
)
register_figure(
    "steps",
    "bias_sensitivity",
    inputs={"runs": selected_runs("steps", "bias_sensitivity", "runs.csv")},
    settings={"learners": selected_learners("steps", "bias_sensitivity", "slope", "relative")},
)
register_figure(
    "steps",
    "forward_only",
    inputs={"history": selected_runs("steps", "forward_only", "history.parquet")},
    settings={
        "problems": selected_problems("steps", "forward_only", "input_scale"),
        "learners": selected_learners("steps", "forward_only", "optimizer"),
        "glmtron": at("steps/forward_only/glmtron"),
    },
)


rule steps_instances:
    # Draw the affine map r = <v*, x> + b* and the initial biases of each replicate.
    output:
        "<results>/instances/steps/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/steps/{problem}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/instances/steps/{problem}/seeds_{block}.jsonl"
    # Short, and training waits for it: schedule first.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.families.steps.problem",
        problem=select("steps/problems/{problem}", "n_features", "initial_biases"),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("steps"),
        rates=select("steps/problems/{problem}", "rate_factors"),
        code=code("draw_instances.py", "failures.families.steps.problem"),
    script:
        "../scripts/draw_instances.py"


rule steps_train:
    # Train one learner on the targets of one block of replicates.
    input:
        instances="<results>/instances/steps/{problem}/seeds_{block}.csv",
    output:
        history="<results>/runs/steps/{problem}/{learner}/seeds_{block}/history.parquet",
        runs="<results>/runs/steps/{problem}/{learner}/seeds_{block}/runs.csv",
        models=directory("<results>/runs/steps/{problem}/{learner}/seeds_{block}/models"),
    log:
        "<logs>/runs/steps/{problem}/{learner}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/runs/steps/{problem}/{learner}/seeds_{block}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1550),
        runtime=doubling(20),
    params:
        module="failures.families.steps.training",
        checkpoints=f"{RESULTS}/checkpoints",
        problem=select(
            "steps/problems/{problem}",
            *["n_features", "input_scale", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
        ),
        learner=lookup(dpath="{learner}", within=config["steps"]["learners"]),
        xla={"xla": config["xla"]},
        code=code("train.py", "failures.families.steps.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"


rule steps_predict:
    # Predict fresh samples with the trained networks.
    input:
        runs=selected_runs("steps", "fig7", "runs.csv"),
        models=selected_runs("steps", "fig7", "models"),
    output:
        "<results>/predictions/steps/{problem}.csv",
    log:
        "<logs>/predictions/steps/{problem}.log",
    benchmark:
        "<benchmarks>/predictions/steps/{problem}.jsonl"
    localrule: True
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1200),
        runtime=doubling(10),
    params:
        module="failures.families.steps.analyses.prediction",
        settings=combine(
            select("steps/problems/{problem}", "n_features", "input_scale"),
            select("steps/fig7", "n_samples"),
            lambda wildcards: {
                "learners": selected_learners("steps", "fig7", "kind", "slope", "relative", "shift", "n_logits")
            },
        ),
        code=code("analyze.py", "failures.families.steps.analyses.prediction"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/analyze.py"
