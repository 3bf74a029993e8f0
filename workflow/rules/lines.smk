# Section 3.1, tuples of lines.
POOL = "<results>/instances/lines/pool.npy"


rule lines_pool:
    # Draw the pool of training images, which all runs share.
    output:
        POOL,
    log:
        "<logs>/instances/lines/pool.log",
    benchmark:
        "<benchmarks>/instances/lines/pool.jsonl"
    # Short, and training waits for it: schedule first.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(700),
        runtime=doubling(5),
    params:
        module="failures.families.lines.problem",
        settings=pick(config["lines"]["pool"], "n_images") | pick(config, "variant"),
        code=code("draw_pool.py", "failures.families.lines.problem"),
    script:
        "../scripts/draw_pool.py"


register_training(
    "lines",
    instances=["n_images", "rate_factors"],
    problem=[
        *["tuple_length", "n_tuples"],
        *["n_steps", "evaluate_every", "evaluation", "checkpoint_every", "snapshots"],
    ],
    inputs={"pool": POOL},
    memory=1550,
    minutes=120,
    # The longest jobs of the workflow: start them early.
    priority=2,
)
# Accuracy of the trained networks on held-out tuples.
register_analysis(
    "lines",
    "fig3",
    name="lines_accuracy",
    analysis="final_accuracy",
    output="predictions/lines/{experiment}",
    inputs=trained_networks("lines"),
    settings=lambda wildcards: {
        "n_test": get_experiment("lines", wildcards.experiment)["n_test"],
        "tuple_lengths": get_experiment("lines", wildcards.experiment).values("tuple_length"),
        "variant": config["variant"],
    },
    memory=1400,
    minutes=30,
)
# Signal and noise of the gradient at initialisation, for one block of seeds.
register_analysis(
    "lines",
    "fig5",
    name="lines_initial_signal",
    analysis="initial_signal",
    output="gradients/lines/{experiment}/seeds_{block}",
    inputs={"pool": POOL},
    settings=lambda wildcards: pick(get_experiment("lines", wildcards.experiment), "tuple_lengths", "n_tuples")
    | {
        "seeds": block_seeds(get_experiment("lines", wildcards.experiment)["seeds"], wildcards.block),
        "variant": config["variant"],
    },
    memory=1400,
    minutes=60,
)
# Signal and noise of the gradient of networks saved during training, or of the initial networks of `success`.
register_analysis(
    "lines",
    "snr_training",
    name="lines_trained_signal",
    analysis="trained_signal",
    output="gradients/lines/{experiment}/{networks}",
    inputs={
        "pool": POOL,
        "runs": lambda wildcards: get_experiment("lines", wildcards.networks).runs,
        "models": lambda wildcards: get_experiment("lines", wildcards.networks).models,
    },
    settings=lambda wildcards: {
        "n_tuples": get_experiment("lines", wildcards.experiment)[
            "n_start" if wildcards.networks == "success" else "n_tuples"
        ],
        "tuple_lengths": get_experiment("lines", wildcards.networks).values("tuple_length"),
        "variant": config["variant"],
        "initial": wildcards.networks == "success",
    },
    memory=1400,
    minutes=60,
)
# Signal and noise of the gradient at initialisation, with residual blocks in N1, which scores an image.
register_analysis(
    "lines",
    "snr_depth",
    name="lines_depth_signal",
    analysis="depth_signal",
    output="gradients/lines/{experiment}",
    inputs={"pool": POOL},
    settings=lambda wildcards: get_experiment("lines", wildcards.experiment).settings | pick(config, "variant"),
    memory=1400,
    minutes=60,
)
# Inputs that fool the trained networks: single-pixel changes, small perturbations and noise images.
register_analysis(
    "lines",
    "fooling",
    name="lines_fooling",
    analysis="fooling",
    output="predictions/lines/{experiment}",
    inputs={"pool": POOL} | trained_networks("lines"),
    settings=lambda wildcards: {
        "settings": {
            key: value
            for key, value in get_experiment("lines", wildcards.experiment).settings.items()
            if key.startswith(("n_", "largest"))
        },
        "variant": config["variant"],
    },
    memory=1400,
    minutes=60,
)


register_kind(
    "lines",
    "fig2",
    inputs=lambda experiment: {},
    settings=lambda experiment: experiment.settings | pick(config, "variant"),
)
register_kind(
    "lines",
    "fig3",
    inputs=lambda experiment: {
        "history": experiment.history,
        "final": f"<results>/predictions/lines/{experiment.name}.csv",
        "pool": POOL,
        "published": PUBLISHED,
    },
    settings=lambda experiment: {"tuple_lengths": experiment.values("tuple_length")},
)
register_kind(
    "lines",
    "success",
    inputs=lambda experiment: {"history": experiment.history, "pool": POOL},
    settings=lambda experiment: {"tuple_lengths": experiment.values("tuple_length")},
)
register_kind(
    "lines",
    "fig5",
    inputs=lambda experiment: {
        "initial": expand(
            "<results>/gradients/lines/{experiment}/seeds_{block}.csv",
            experiment=experiment.name,
            block=blocks(experiment["seeds"]),
        ),
        "published": PUBLISHED,
    },
)
register_kind(
    "lines",
    "snr_training",
    inputs=lambda experiment: {
        "trained": f"<results>/gradients/lines/{experiment.name}/{experiment.name}.csv",
        "success": f"<results>/gradients/lines/{experiment.name}/success.csv",
        "learnt": "<results>/tables/success.csv",
    },
    settings=lambda experiment: {
        "methods": {name: learner["method"] for name, learner in config["lines"]["learners"].items()}
    },
)
register_kind(
    "lines", "snr_depth", inputs=lambda experiment: {"depth": f"<results>/gradients/lines/{experiment.name}.csv"}
)
register_kind(
    "lines", "fooling", inputs=lambda experiment: {"fooling": f"<results>/predictions/lines/{experiment.name}.csv"}
)
