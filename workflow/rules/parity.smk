# Section 2, random parities.
# Keys of a learner that describe its network at any depth.
NETWORK = ["architecture", "width", "activation", "normalization", "initial_weights", "initial_biases"]

registry.add_training(
    "parity",
    instances=["n_features", "subset_sizes", "targets", "kind", "queries", "samples", "rate_factors"],
    problem=[
        *["n_features", "encoding", "samples", "kind"],
        *["n_steps", "evaluate_every", "evaluation", "checkpoint_every", "snapshots"],
    ],
    memory=1550,
    minutes=15,
    sources=architecture("parity"),
)
# Variance of the gradient over all targets, at initialisation.
registry.add_analysis(
    "parity",
    "gradient_variance",
    name="parity_initial_gradients",
    analysis="initial_gradients",
    output="gradients/parity/{experiment}/{learner}",
    learner=[*NETWORK, "depth", "branch_scale", "batch_size"],
    sources=architecture("parity"),
    further=lambda experiment, wildcards: pick(
        experiment.part("initial"),
        *["encoding", "n_features", "largest_transform", "largest_deep_transform", "largest_cube", "samples", "seeds"],
    ),
    memory=2000,
    minutes=30,
    packages=["scipy"],
)
# The same for networks saved during training on one target.
registry.add_analysis(
    "parity",
    "gradient_variance",
    name="parity_trained_gradients",
    analysis="trained_gradients",
    output="gradients/parity/trained/{problem}/{learner}",
    problem=["n_features", "encoding"],
    inputs={
        "runs": lambda wildcards: registry.families["parity"].run_files(wildcards.problem, wildcards.learner, "runs"),
        "models": lambda wildcards: registry.families["parity"].run_files(
            wildcards.problem, wildcards.learner, "models"
        ),
    },
    memory=1200,
    minutes=15,
    packages=["scipy"],
)
# Gradient signal of all parities at initialisation, by depth of the network.
registry.add_analysis(
    "parity",
    "depth_signal",
    name="parity_depth_gradients",
    analysis="depth_signal",
    output="gradients/parity/{experiment}/{learner}",
    learner=[*NETWORK, "branch_scale"],
    sources=architecture("parity"),
    further=lambda experiment, wildcards: pick(experiment, "depths", "n_features", "seeds"),
    memory=2000,
    minutes=15,
    packages=["scipy"],
)

registry.add_figures(
    "parity",
    "fig1",
    files=["history"],
    problems=["n_features"],
    inputs=lambda experiment: {"published": PUBLISHED},
)
registry.add_figures("parity", "parity_size", files=["history", "runs"], problems=["n_features", "encoding", "n_steps"])
registry.add_figures(
    "parity",
    "gradient_variance",
    inputs=lambda experiment: {
        "initial": expand(
            "<results>/gradients/parity/{experiment}/{learner}.csv",
            experiment=experiment.name,
            learner=experiment["initial"]["learners"],
        ),
        "trained": expand(
            "<results>/gradients/parity/trained/{problem}/{learner}.csv",
            problem=experiment["trained"]["problems"],
            learner=experiment["trained"]["learners"],
        ),
    },
)
registry.add_figures(
    "parity",
    "depth_signal",
    learners=NETWORK,
    keys=["predicted_depths", "spreads"],
    inputs=lambda experiment: {
        "signals": expand(
            "<results>/gradients/parity/{experiment}/{learner}.csv",
            experiment=experiment.name,
            learner=experiment["learners"],
        )
    },
)
registry.add_figures("parity", "target_blindness", files=["instances", "history"], problems=["n_features", "samples"])
registry.add_figures("parity", "predictors", files=["runs"], problems=["n_features", "encoding", "evaluation"])
registry.add_figures("parity", "elimination", settings=lambda experiment: experiment.settings)
registry.add_figures("parity", "queries", files=["history", "runs"], problems=["n_features", "n_steps"])
registry.add_figures(
    "parity",
    "rescues",
    inputs=lambda experiment: {
        file: [path for part in experiment.settings for path in experiment.part(part).files(file)]
        for file in ("history", "runs")
    },
    settings=lambda experiment: {
        "interventions": {
            part: experiment.part(part).problems("n_features", "evaluation", "n_steps") for part in experiment.settings
        }
    },
)
