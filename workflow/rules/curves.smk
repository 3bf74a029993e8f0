# Section 4, piecewise linear curves.
register_training(
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
register_analysis(
    "curves",
    "fig6",
    name="curves_decode",
    analysis="decoding",
    output="decoded/curves/{experiment}",
    inputs=trained_networks("curves"),
    settings=lambda wildcards: pick(
        get_experiment("curves", wildcards.experiment).problem, "n_points", "n_pieces", "n_validation"
    )
    | pick(get_experiment("curves", wildcards.experiment), "steps", "n_shown"),
    memory=1200,
    minutes=10,
    local=True,
)


register_kind(
    "curves", "fig6", inputs=lambda experiment: {"decoded": f"<results>/decoded/curves/{experiment.name}.csv"}
)
register_kind(
    "curves",
    "curve_errors",
    inputs=lambda experiment: {
        "history": experiment.part("training").history,
        "runs": experiment.part("samples").runs,
    },
)
# Both figures show theory; nothing is trained.
for kind in ("condition_numbers", "conditioning_rates"):
    register_kind("curves", kind, inputs=lambda experiment: {}, settings=lambda experiment: experiment.settings)
