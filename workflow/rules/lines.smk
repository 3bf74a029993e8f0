# Section 3.1, tuples of lines.
POOL = f"{RESULTS}/instances/lines/pool.npy"


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
        settings=pick(config["lines"]["pool"], "n_images") | pick(config["lines"], "conventions"),
        code=code("draw_pool.py", "failures.families.lines.problem"),
    script:
        "../scripts/draw_pool.py"


registry.add_training(
    "lines",
    instances=["n_images", "rate_factors"],
    problem=["tuple_length", "n_tuples", "n_steps", "evaluate_every", "evaluation", "checkpoint_every", "snapshots"],
    inputs={"pool": POOL},
    memory=1550,
    minutes=120,
    # The longest jobs of the workflow: start them early.
    priority=2,
)
# Accuracy of the trained networks on held-out tuples.
registry.add_analysis(
    "lines",
    "fig3",
    name="lines_accuracy",
    analysis="final_accuracy",
    output="predictions/lines/{experiment}",
    networks=True,
    further=lambda experiment, wildcards: pick(experiment, "n_test")
    | {"tuple_lengths": experiment.values("tuple_length"), "conventions": config["lines"]["conventions"]},
    memory=1400,
    minutes=30,
)
# Signal and noise of the gradient at initialisation, for one block of seeds.
registry.add_analysis(
    "lines",
    "fig5",
    name="lines_initial_signal",
    analysis="initial_signal",
    output="gradients/lines/{experiment}/seeds_{block}",
    inputs={"pool": POOL},
    further=lambda experiment, wildcards: pick(experiment, "tuple_lengths", "n_tuples")
    | {"seeds": block_seeds(experiment["seeds"], wildcards.block), "conventions": config["lines"]["conventions"]},
    memory=1400,
    minutes=60,
)
# Signal and noise of the gradient of networks saved during training, or of the initial networks of `success`.
registry.add_analysis(
    "lines",
    "snr_training",
    name="lines_trained_signal",
    analysis="trained_signal",
    output="gradients/lines/{experiment}/{networks}",
    inputs={
        "pool": POOL,
        "runs": lambda wildcards: registry.experiments["lines"][wildcards.networks].files("runs"),
        "models": lambda wildcards: registry.experiments["lines"][wildcards.networks].files("models"),
    },
    further=lambda experiment, wildcards: {
        "n_tuples": experiment["n_start" if wildcards.networks == "success" else "n_tuples"],
        "tuple_lengths": registry.experiments["lines"][wildcards.networks].values("tuple_length"),
        "conventions": config["lines"]["conventions"],
        "initial": wildcards.networks == "success",
    },
    memory=1400,
    minutes=60,
)
# Signal and noise of the gradient at initialisation, with residual blocks in N1, which scores an image.
registry.add_analysis(
    "lines",
    "snr_depth",
    name="lines_depth_signal",
    analysis="depth_signal",
    output="gradients/lines/{experiment}",
    inputs={"pool": POOL},
    further=lambda experiment, wildcards: experiment.settings | pick(config["lines"], "conventions"),
    memory=1400,
    minutes=60,
)
# Inputs that fool the trained networks: single-pixel changes, small perturbations and noise images.
registry.add_analysis(
    "lines",
    "fooling",
    name="lines_fooling",
    analysis="fooling",
    output="predictions/lines/{experiment}",
    inputs={"pool": POOL},
    networks=True,
    further=lambda experiment, wildcards: {
        "settings": pick(experiment, *(key for key in experiment.settings if key.startswith(("n_", "largest")))),
        "conventions": config["lines"]["conventions"],
    },
    memory=1400,
    minutes=60,
)

registry.add_figures(
    "lines", "fig2", settings=lambda experiment: experiment.settings | pick(config["lines"], "conventions")
)
registry.add_figures(
    "lines",
    "fig3",
    files=["history"],
    inputs=lambda experiment: {
        "final": f"{RESULTS}/predictions/lines/{experiment.name}.csv",
        "pool": POOL,
        "published": PUBLISHED,
    },
    settings=lambda experiment: {"tuple_lengths": experiment.values("tuple_length")},
)
registry.add_figures(
    "lines",
    "success",
    files=["history"],
    inputs=lambda experiment: {"pool": POOL},
    settings=lambda experiment: {"tuple_lengths": experiment.values("tuple_length")},
)
registry.add_figures(
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
registry.add_figures(
    "lines",
    "snr_training",
    inputs=lambda experiment: {
        "trained": f"{RESULTS}/gradients/lines/{experiment.name}/{experiment.name}.csv",
        "success": f"{RESULTS}/gradients/lines/{experiment.name}/success.csv",
        "learnt": f"{RESULTS}/tables/success.csv",
    },
    settings=lambda experiment: {
        "methods": {
            name: learner["method"]
            for name, learner in config["lines"]["learners"].items()
            if name in {*experiment["learners"], *registry.experiments["lines"]["success"]["learners"]}
        }
    },
)
registry.add_figures(
    "lines", "snr_depth", inputs=lambda experiment: {"depth": f"{RESULTS}/gradients/lines/{experiment.name}.csv"}
)
registry.add_figures(
    "lines", "fooling", inputs=lambda experiment: {"fooling": f"{RESULTS}/predictions/lines/{experiment.name}.csv"}
)
