# Section 2, linear-periodic targets (Theorem 2).
register_training(
    "periodic",
    instances=["n_features", "waves", "norms", "rate_factors"],
    problem=["n_features", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
    memory=1200,
    minutes=15,
)
# Variance of the gradient over directions of v, at initialisation.
register_analysis(
    "periodic",
    "linear_periodic_variance",
    name="periodic_gradients",
    analysis="gradient_variance",
    output="gradients/periodic/{experiment}/{learner}",
    settings=lambda wildcards: {"name": wildcards.learner}
    | pick(
        config["periodic"]["learners"][wildcards.learner],
        *["architecture", "width", "depth", "activation", "normalization", "initial_weights", "initial_biases"],
    )
    | pick(
        get_experiment("periodic", wildcards.experiment),
        *["waves", "n_features", "norms", "seeds", "n_pairs", "n_samples"],
    ),
    memory=1300,
    minutes=15,
    packages=["scipy"],
)


register_kind(
    "periodic",
    "linear_periodic",
    inputs=lambda experiment: {"history": experiment.history, "runs": experiment.runs},
    settings=lambda experiment: {"problems": experiment.problems("n_features")},
)
register_kind(
    "periodic",
    "linear_periodic_variance",
    inputs=lambda experiment: {
        "gradients": expand(
            "<results>/gradients/periodic/{experiment}/{learner}.csv",
            experiment=experiment.name,
            learner=experiment["learners"],
        ),
    },
    settings=lambda experiment: pick(experiment, "n_features", "norms"),
)
