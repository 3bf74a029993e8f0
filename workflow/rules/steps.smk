# Section 5, flat activations.
registry.add_training(
    "steps",
    instances=["n_features", "initial_biases", "rate_factors"],
    problem=["n_features", "input_scale", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
    memory=1550,
    minutes=20,
    sources=lambda wildcards: architectures.sources(
        "residual" if config["steps"]["learners"][wildcards.learner]["residual"] else "fully_connected"
    ),
)
# Predictions of the trained networks on fresh samples.
registry.add_analysis(
    "steps",
    "fig7",
    name="steps_predict",
    analysis="prediction",
    output="predictions/steps/{experiment}",
    networks=True,
    further=lambda experiment, wildcards: pick(experiment.problem, "stream", "n_features", "input_scale")
    | pick(experiment, "n_samples")
    | {"learners": experiment.learners("kind", "slope", "relative", "shift", "n_logits")},
    memory=1200,
    minutes=10,
    local=True,
)

registry.add_figures(
    "steps", "fig7", inputs=lambda experiment: {"predictions": f"{RESULTS}/predictions/steps/{experiment.name}.csv"}
)
registry.add_figures(
    "steps",
    "step_learners",
    files=["history", "runs"],
    learners=["kind", "depth", "width", "n_logits", "batch_size"],
    keys=["targets"],
    settings=lambda experiment: pick(experiment.problem, "n_features"),
)
registry.add_figures("steps", "bias_sensitivity", files=["runs"], learners=["slope", "relative"])
registry.add_figures(
    "steps", "forward_only", files=["history"], problems=["input_scale"], learners=["optimizer"], keys=["glmtron"]
)
