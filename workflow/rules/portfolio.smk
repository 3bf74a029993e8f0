# Section 3, portfolio.
registry.add_training(
    "portfolio",
    instances=["n_features", "n_stocks", "rate_factors"],
    problem=["n_features", "n_stocks", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
    memory=1400,
    minutes=20,
)
# Second moments of both gradient estimators at initialisation, by number of stocks.
registry.add_analysis(
    "portfolio",
    "estimator_variance",
    name="portfolio_moments",
    analysis="moments",
    output="gradients/portfolio/{experiment}",
    further=lambda experiment, wildcards: pick(
        experiment.part("initial"), "n_features", "n_stocks", "n_samples", "seeds"
    ),
    memory=1800,
    minutes=10,
)

registry.add_figures(
    "portfolio",
    "fig4",
    files=["history"],
    problems=["n_stocks", "n_features"],
    inputs=lambda experiment: {"published": PUBLISHED},
)
registry.add_figures(
    "portfolio",
    "estimator_variance",
    inputs=lambda experiment: {
        "initial": f"{RESULTS}/gradients/portfolio/{experiment.name}.csv",
        "history": experiment.part("trained").files("history"),
    },
    settings=lambda experiment: {"problems": experiment.part("trained").problems("n_stocks")},
)
registry.add_figures(
    "portfolio", "portfolio_rates", files=["runs"], problems=["n_stocks"], learners=["method", "optimizer"]
)
