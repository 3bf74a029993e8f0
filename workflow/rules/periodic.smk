# Section 2, linear-periodic targets (Theorem 2).
registry.add_training(
    "periodic",
    instances=["n_features", "waves", "norms", "rate_factors"],
    problem=["n_features", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
    memory=1200,
    minutes=15,
    sources=architecture("periodic"),
)
# Variance of the gradient over directions of v, at initialisation.
registry.add_analysis(
    "periodic",
    "linear_periodic_variance",
    name="periodic_gradients",
    analysis="gradient_variance",
    output="gradients/periodic/{experiment}/{learner}",
    learner=[
        *["architecture", "width", "depth", "activation", "normalization"],
        *["initial_weights", "initial_biases", "branch_scale"],
    ],
    sources=architecture("periodic"),
    further=lambda experiment, wildcards: pick(
        experiment, "waves", "n_features", "norms", "seeds", "n_pairs", "n_samples"
    ),
    memory=1300,
    minutes=15,
    packages=["scipy"],
)

registry.add_figures("periodic", "linear_periodic", files=["history", "runs"], problems=["n_features"])
registry.add_figures(
    "periodic",
    "linear_periodic_variance",
    keys=["n_features", "norms"],
    inputs=lambda experiment: {
        "gradients": expand(
            "<results>/gradients/periodic/{experiment}/{learner}.csv",
            experiment=experiment.name,
            learner=experiment["learners"],
        )
    },
)
