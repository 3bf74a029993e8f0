# Section 2, random parities.
# Keys of a learner that describe its network at any depth.
NETWORK = ["architecture", "width", "activation", "normalization", "initial_weights", "initial_biases"]

register_training(
    "parity",
    instances=["n_features", "subset_sizes", "kind", "queries", "samples", "rate_factors"],
    problem=[
        *["n_features", "encoding", "samples", "kind"],
        *["n_steps", "evaluate_every", "evaluation", "checkpoint_every", "snapshots"],
    ],
    memory=1550,
    minutes=15,
)
# Variance of the gradient over all targets, at initialisation.
register_analysis(
    "parity",
    "gradient_variance",
    name="parity_initial_gradients",
    analysis="initial_gradients",
    output="gradients/parity/{experiment}/{learner}",
    settings=lambda wildcards: {"name": wildcards.learner}
    | pick(config["parity"]["learners"][wildcards.learner], *NETWORK, "depth", "batch_size")
    | pick(
        get_experiment("parity", wildcards.experiment).part("initial"),
        *["encoding", "n_features", "largest_transform", "largest_deep_transform", "largest_cube"],
        *["samples", "seeds"],
    ),
    memory=2000,
    minutes=30,
    packages=["scipy"],
)
# The same for networks saved during training on one target.
register_analysis(
    "parity",
    "gradient_variance",
    name="parity_trained_gradients",
    analysis="trained_gradients",
    output="gradients/parity/trained/{problem}/{learner}",
    inputs={
        "runs": lambda wildcards: run_files("parity", wildcards.problem, wildcards.learner, "runs.csv"),
        "models": lambda wildcards: run_files("parity", wildcards.problem, wildcards.learner, "models"),
    },
    settings=lambda wildcards: pick(config["parity"]["problems"][wildcards.problem], "n_features", "encoding"),
    memory=1200,
    minutes=15,
    packages=["scipy"],
)
# Gradient signal of all parities at initialisation, by depth of the network.
register_analysis(
    "parity",
    "depth_signal",
    name="parity_depth_gradients",
    analysis="depth_signal",
    output="gradients/parity/{experiment}/{learner}",
    settings=lambda wildcards: {"name": wildcards.learner}
    | pick(config["parity"]["learners"][wildcards.learner], *NETWORK, "branch_scale")
    | pick(get_experiment("parity", wildcards.experiment), "depths", "n_features", "seeds"),
    memory=2000,
    minutes=15,
    packages=["scipy"],
)


register_kind(
    "parity",
    "fig1",
    inputs=lambda experiment: {"history": experiment.history, "published": PUBLISHED},
    settings=lambda experiment: {"problems": experiment.problems("n_features")},
)
register_kind(
    "parity",
    "parity_size",
    inputs=lambda experiment: {"history": experiment.history, "runs": experiment.runs},
    settings=lambda experiment: {"problems": experiment.problems("n_features", "encoding", "n_steps")},
)
register_kind(
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
register_kind(
    "parity",
    "depth_signal",
    inputs=lambda experiment: {
        "signals": expand(
            "<results>/gradients/parity/{experiment}/{learner}.csv",
            experiment=experiment.name,
            learner=experiment["learners"],
        )
    },
    settings=lambda experiment: {"learners": experiment.learners(*NETWORK)}
    | pick(experiment, "predicted_depths", "spreads"),
)
register_kind(
    "parity",
    "target_blindness",
    inputs=lambda experiment: {"instances": experiment.instances, "history": experiment.history},
    settings=lambda experiment: {"problems": experiment.problems("n_features", "samples")},
)
register_kind(
    "parity",
    "predictors",
    inputs=lambda experiment: {"runs": experiment.runs},
    settings=lambda experiment: {"problems": experiment.problems("n_features", "encoding", "evaluation")},
)
register_kind(
    "parity",
    "elimination",
    inputs=lambda experiment: {},
    settings=lambda experiment: experiment.settings,
)
register_kind(
    "parity",
    "queries",
    inputs=lambda experiment: {"history": experiment.history, "runs": experiment.runs},
    settings=lambda experiment: {"problems": experiment.problems("n_features", "n_steps")},
)
register_kind(
    "parity",
    "rescues",
    inputs=lambda experiment: {
        "history": [path for way in experiment.settings for path in experiment.part(way).history],
        "runs": [path for way in experiment.settings for path in experiment.part(way).runs],
    },
    settings=lambda experiment: {
        "ways": {
            way: experiment.part(way).problems("n_features", "evaluation", "n_steps") for way in experiment.settings
        }
    },
)
