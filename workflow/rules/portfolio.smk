# Section 3, portfolio.
register_training(
    "portfolio",
    instances=["n_features", "n_stocks", "rate_factors"],
    problem=["n_features", "n_stocks", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
    memory=1400,
    minutes=20,
)
# Second moments of both gradient estimators at initialisation, by number of stocks.
register_analysis(
    "portfolio",
    "estimator_variance",
    name="portfolio_moments",
    analysis="moments",
    output="gradients/portfolio/{experiment}",
    settings=lambda wildcards: pick(
        get_experiment("portfolio", wildcards.experiment).part("initial"),
        *["n_features", "n_stocks", "n_samples", "seeds"],
    ),
    memory=1800,
    minutes=10,
)


register_kind(
    "portfolio",
    "fig4",
    inputs=lambda experiment: {"history": experiment.history, "published": PUBLISHED},
    settings=lambda experiment: {"problems": experiment.problems("n_stocks", "n_features")},
)
register_kind(
    "portfolio",
    "estimator_variance",
    inputs=lambda experiment: {
        "initial": f"<results>/gradients/portfolio/{experiment.name}.csv",
        "history": experiment.part("trained").history,
    },
    settings=lambda experiment: {"problems": experiment.part("trained").problems("n_stocks")},
)
register_kind(
    "portfolio",
    "portfolio_rates",
    inputs=lambda experiment: {"runs": experiment.runs},
    settings=lambda experiment: {
        "problems": experiment.problems("n_stocks"),
        "learners": experiment.learners("method", "optimizer"),
    },
)
