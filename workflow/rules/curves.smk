# Section 4, piecewise linear curves.
registry.add_training(
    "curves",
    instances=["n_curves", "distribution", "rate_factors"],
    problem=[
        *["n_points", "n_pieces", "n_curves", "n_validation"],
        *["n_steps", "evaluate_every", "checkpoint_every", "snapshots"],
    ],
    memory=1550,
    minutes=60,
    # The autoencoder trains long: start it before the shorter jobs.
    priority=1,
)
# A few validation curves, decoded by networks saved during training.
registry.add_analysis(
    "curves",
    "fig6",
    name="curves_decode",
    analysis="decoding",
    output="decoded/curves/{experiment}",
    networks=True,
    further=lambda experiment, wildcards: pick(experiment.problem, "stream", "n_points", "n_pieces", "n_validation")
    | pick(experiment, "steps", "n_shown"),
    memory=1200,
    minutes=10,
    local=True,
)

registry.add_figures(
    "curves", "fig6", inputs=lambda experiment: {"decoded": f"{RESULTS}/decoded/curves/{experiment.name}.csv"}
)
registry.add_figures(
    "curves",
    "curve_errors",
    inputs=lambda experiment: {
        "history": experiment.part("training").files("history"),
        "runs": experiment.part("samples").files("runs"),
    },
)
# Theory; nothing is trained.
registry.add_figures("curves", "condition_numbers", settings=lambda experiment: experiment.settings)
registry.add_figures("curves", "conditioning_rates", settings=lambda experiment: experiment.settings)
