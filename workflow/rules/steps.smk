# Section 5, flat activations.
register_training(
    "steps",
    instances=["n_features", "initial_biases", "rate_factors"],
    problem=["n_features", "input_scale", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
    memory=1550,
    minutes=20,
)
# Predictions of the trained networks on fresh samples.
register_analysis(
    "steps",
    "fig7",
    name="steps_predict",
    analysis="prediction",
    output="predictions/steps/{experiment}",
    inputs=trained_networks("steps"),
    settings=lambda wildcards: pick(get_experiment("steps", wildcards.experiment).problem, "n_features", "input_scale")
    | pick(get_experiment("steps", wildcards.experiment), "n_samples")
    | {
        "learners": get_experiment("steps", wildcards.experiment).learners(
            "kind", "slope", "relative", "shift", "n_logits"
        )
    },
    memory=1200,
    minutes=10,
    local=True,
)


register_kind(
    "steps", "fig7", inputs=lambda experiment: {"predictions": f"<results>/predictions/steps/{experiment.name}.csv"}
)
register_kind(
    "steps",
    "step_learners",
    inputs=lambda experiment: {"history": experiment.history, "runs": experiment.runs},
    settings=lambda experiment: {
        "n_features": experiment.problem["n_features"],
        "learners": experiment.learners("kind", "depth", "width", "n_logits", "batch_size"),
        "targets": experiment["targets"],
    },
)
register_kind(
    "steps",
    "bias_sensitivity",
    inputs=lambda experiment: {"runs": experiment.runs},
    settings=lambda experiment: {"learners": experiment.learners("slope", "relative")},
)
register_kind(
    "steps",
    "forward_only",
    inputs=lambda experiment: {"history": experiment.history},
    settings=lambda experiment: {
        "problems": experiment.problems("input_scale"),
        "learners": experiment.learners("optimizer"),
        "glmtron": experiment["glmtron"],
    },
)
