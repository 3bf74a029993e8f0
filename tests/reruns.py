"""Edits and overlays, and the rules that each reruns: the cases of tests/workflow/test_reruns.py."""

import yaml

from project import ROOT


def figures(*names):
    """Return both rules of each figure."""
    return {rule: 1 for name in names for rule in (f"{name}_table", name)}


FIG1, SIZE, CLASSES, VARIANCE = (figures(name) for name in ("fig1", "parity_size", "predictors", "gradient_variance"))
RESCUES, DEPTH, OPTIMISERS = (figures(name) for name in ("rescues", "depth_training", "optimisers"))
TRAINED_PARITIES = figures("fig1", "parity_size", "gradient_variance", "target_blindness", "predictors", "queries")
COMPARISONS = RESCUES | DEPTH | OPTIMISERS
TRAINED_PARITIES |= COMPARISONS
PERIODIC = figures("linear_periodic")
PORTFOLIO = figures("fig4", "estimator_variance", "portfolio_rates")
CURVES = {"curves_decode": 1} | figures("fig6", "curve_errors") | DEPTH
STEPS = {"steps_predict": 1} | figures("fig7", "step_learners", "bias_sensitivity", "forward_only") | DEPTH
MEASURED = {"lines_accuracy": 1, "lines_trained_signal": 2, "lines_fooling": 1}
LINES = MEASURED | figures("fig3", "success", "snr_training", "fooling") | DEPTH
# What is computed without training.
THEORY = figures("elimination", "linear_periodic_variance", "condition_numbers", "conditioning_rates", "fig2", "fig5")
THEORY |= figures("depth_signal", "snr_depth")
ALL_FIGURES = {
    rule: 1
    for rule in TRAINED_PARITIES | PERIODIC | PORTFOLIO | CURVES | STEPS | LINES | THEORY
    if rule not in ("curves_decode", "steps_predict", *MEASURED)
}
DRAWN = {rule: 1 for rule in [*ALL_FIGURES, "claims", "published"] if not rule.endswith("_table")}
# Tables that are computed without the shared module of tables.
OWN_TABLES = [f"{name}_table" for name in ("fig2", "fig6", "fig7", "condition_numbers", "conditioning_rates")]
# Jobs of the tests' configuration.
TRAIN_PARITIES = {"parity_train": 14, "parity_trained_gradients": 1} | TRAINED_PARITIES
TRAIN_WAVES = {"periodic_train": 1} | PERIODIC
TRAIN_OTHERS = {"portfolio_train": 2, "curves_train": 4, "steps_train": 4} | PORTFOLIO | CURVES | STEPS
TRAIN_LINES = {"lines_train": 4} | LINES
TRAIN_ALL = TRAIN_PARITIES | TRAIN_WAVES | TRAIN_OTHERS | TRAIN_LINES
INITIAL_SIGNAL = {"lines_initial_signal": 1, "lines_depth_signal": 1} | figures("fig5", "snr_depth")
INITIAL = {"parity_initial_gradients": 2}
DEPTH_SIGNAL = {"parity_depth_gradients": 1} | figures("depth_signal")
MOMENTS = {"portfolio_moments": 1}
# What has no list of seeds at this scale, and more replicates than two.
REPLICATED = {"parity_instances": 3, "parity_train": 3, "lines_depth_signal": 1} | DEPTH_SIGNAL | MOMENTS
REPLICATED |= FIG1 | SIZE | RESCUES | figures("estimator_variance", "snr_depth")
INSTANCES = {
    f"{family}_instances": count
    for family, count in {"parity": 11, "periodic": 1, "portfolio": 1, "curves": 2, "steps": 2, "lines": 3}.items()
}
EVERYTHING = TRAIN_ALL | INITIAL | MOMENTS | INSTANCES | {"periodic_gradients": 2, "lines_pool": 1} | INITIAL_SIGNAL
EVERYTHING |= DEPTH_SIGNAL | ALL_FIGURES
LIBRARY = "workflow/failures"


CLAIMED = {
    f"{name}_table" for claim in yaml.safe_load((ROOT / "workflow/claims.yaml").read_text()) for name in claim["tables"]
}


def with_claims(rules):
    """Return these rules, and those of the claims that read their tables."""
    claims = figures("claims") if CLAIMED & rules.keys() else {}
    published = figures("published") if {"fig1_table", "fig3_table", "fig4_table", "fig5_table"} & rules.keys() else {}
    return rules | claims | published


def replace(old, new):
    """Return an edit that replaces the first occurrence of a text."""
    return lambda text: text.replace(old, new, 1)


def append(line):
    """Return an edit that adds a line."""
    return lambda text: f"{text}\n\n{line}\n"


# What is edited: file, edit, and the rules that run again with the number of their jobs.
EDITS = {
    "a docstring of the engine": (f"{LIBRARY}/engine/training.py", replace("The training engine:", "The engine:"), {}),
    "a comment of the engine": (f"{LIBRARY}/engine/training.py", replace("# Keras' ", "# The "), {}),
    "the layout of a script": ("workflow/scripts/train.py", replace("\nwith job(", "\n\nwith job("), {}),
    "the engine": (
        f"{LIBRARY}/engine/training.py",
        replace("parallel_iterations=1", "parallel_iterations=2"),
        TRAIN_ALL | MOMENTS | INITIAL_SIGNAL,
    ),
    "the training script": ("workflow/scripts/train.py", replace("keys=", "**{}, keys="), TRAIN_ALL),
    "the objective": (
        f"{LIBRARY}/families/parity/objective.py",
        replace("1.0 - 2.0 * inputs", "1 - 2.0 * inputs"),
        TRAIN_PARITIES,
    ),
    "the problem": (
        f"{LIBRARY}/families/parity/problem.py",
        replace("WORD = 32", "WORD = 16 * 2"),
        {"parity_instances": 11} | TRAIN_PARITIES | DEPTH_SIGNAL,
    ),
    "a loss": (
        f"{LIBRARY}/engine/losses.py",
        replace("0.5 *", ".25 * 2 *"),
        TRAIN_PARITIES | TRAIN_WAVES | TRAIN_LINES | INITIAL | INITIAL_SIGNAL,
    ),
    "random streams": (f"{LIBRARY}/engine/seeding.py", replace('"init"', '"weights"'), EVERYTHING),
    "an architecture": (
        f"{LIBRARY}/engine/architectures/quadratic.py",
        append("FURTHER = 1"),
        {"parity_train": 2} | CLASSES,
    ),
    "an architecture that no selected learner has": (
        f"{LIBRARY}/engine/architectures/convolutional.py",
        append("FURTHER = 1"),
        {},
    ),
    "an analysis": (
        f"{LIBRARY}/families/parity/analyses/initial_gradients.py",
        replace("= 16", "= 17"),
        INITIAL | VARIANCE,
    ),
    "theory": (
        f"{LIBRARY}/families/parity/theory/theorem_1.py",
        replace("expit(-scores) + expit(scores)", "expit(scores) + expit(-scores)"),
        INITIAL | {"parity_trained_gradients": 1} | VARIANCE | CLASSES | DEPTH_SIGNAL,
    ),
    "the family periodic": (
        f"{LIBRARY}/families/periodic/objective.py",
        replace("class ", "NOTHING = 0\n\n\nclass "),
        {"periodic_train": 1} | PERIODIC,
    ),
    "a table": (f"{LIBRARY}/families/parity/tables/fig1.py", replace("figure=1", "figure=2 - 1"), FIG1),
    "shared table code": (
        f"{LIBRARY}/artifacts/tables.py",
        replace("quantiles[0.5]", "quantiles[1 / 2]"),
        {rule: 1 for rule in ALL_FIGURES if rule not in [*OWN_TABLES, *(t.removesuffix("_table") for t in OWN_TABLES)]},
    ),
    "the family curves": (
        f"{LIBRARY}/families/curves/objective.py",
        replace("class ", "NOTHING = 0\n\n\nclass "),
        {"curves_train": 4} | CURVES,
    ),
    "the analysis of a figure": (
        f"{LIBRARY}/families/curves/analyses/decoding.py",
        replace("np.full_like(curves, np.nan)", "np.full_like(curves, float('nan'))"),
        {"curves_decode": 1} | figures("fig6"),
    ),
    "the evaluation of lines": (
        f"{LIBRARY}/families/lines/cells.py",
        replace("SIDE**2", "SIDE * SIDE"),
        TRAIN_LINES | INITIAL_SIGNAL,
    ),
    "the estimate of the signal": (
        f"{LIBRARY}/families/lines/analyses/signal.py",
        replace("(n - 1), (square", "(n - 1.0), (square"),
        INITIAL_SIGNAL | {"lines_trained_signal": 2} | figures("snr_training"),
    ),
    "the features of images of lines": (
        f"{LIBRARY}/families/lines/analyses/features.py",
        replace("BLOCK, PART = 4_800", "BLOCK, PART = 9_600"),
        INITIAL_SIGNAL | {"lines_trained_signal": 2} | figures("snr_training"),
    ),
    "the neighbourhoods of lines": (
        f"{LIBRARY}/families/lines/analyses/neighbourhoods.py",
        replace("BLOCK = 8_000", "BLOCK = 8_001"),
        INITIAL_SIGNAL | {"lines_trained_signal": 2} | figures("snr_training"),
    ),
    "a figure": (f"{LIBRARY}/families/parity/figures/fig1.py", replace("linewidth=1.2", "linewidth=1.3"), {"fig1": 1}),
    "the style": (f"{LIBRARY}/artifacts/style.py", replace("font_scale=0.9", "font_scale=0.8"), DRAWN),
    "a number format of tables": (
        f"{LIBRARY}/artifacts/write.py",
        replace("%.15g", "%.14g"),
        {rule: count for rule, count in EVERYTHING.items() if rule != "lines_pool"},  # the pool is a NumPy array
    ),
    "an error message": (f"{LIBRARY}/runtime/jobs.py", replace('RuntimeError("', 'RuntimeError("jobs: '), {}),
    "a progress line": (f"{LIBRARY}/runtime/progress.py", replace("steps/s", "steps per second"), {}),
    "a field of provenance records": (f"{LIBRARY}/runtime/provenance.py", replace('"rule":', '"rule_name":'), {}),
    "the writing of files": (f"{LIBRARY}/runtime/files.py", append("NOTHING = 0"), {}),
    "the settings that jobs ignore": (f"{LIBRARY}/runtime/environment.py", replace('"KMP_*"', '"KMPD_*"'), {}),
    "the fingerprint": (f"{LIBRARY}/runtime/fingerprint.py", append("NOTHING = 0"), {}),
    "a command": (f"{LIBRARY}/commands/audit.py", append("NOTHING = 0"), {}),
    "the schedule of the costs": (
        f"{LIBRARY}/reporting/costs/schedule.py",
        replace("now, free = 0.0", "now, free = 0.0 * 1"),
        {},
    ),
    "a claim's threshold": ("workflow/claims.yaml", replace("at_least: 0.75", "at_least: 0.7"), figures("claims")),
    "the schema": (f"{LIBRARY}/families/parity/config.py", replace("le=1024", "le=1025"), {}),
    "a caption": (f"{LIBRARY}/families/parity/figures/fig1.rst", replace("Test accuracy", "Accuracy"), {}),
}


def parity(**block):
    """Return an overlay of the family parity."""
    return {"parity": block}


def problem(experiment, name, **values):
    """Return an overlay that changes a problem of an experiment."""
    return parity(experiments={experiment: {"problems": {name: values}}})


# A figure of each family, and a learner that it selects.
LEARNERS = {
    "parity": ("fig1", "relu"),
    "periodic": ("linear_periodic", "relu"),
    "lines": ("success", "end_to_end"),
    "portfolio": ("fig4", "end_to_end"),
    "curves": ("fig6", "autoencoder"),
    "steps": ("step_learners", "flat"),
}
NEW_LEARNERS = {
    family: {
        "learners": {"mine": {"extends": learner}},
        "experiments": {f"my_{kind}": {"like": kind, "learners": [learner, "mine"]}},
    }
    for family, (kind, learner) in LEARNERS.items()
}
TRAIN_NEW = {"parity_train": 2, "periodic_train": 1, "lines_train": 1, "portfolio_train": 1, "curves_train": 1}
TRAIN_NEW |= {"steps_train": 1, "curves_decode": 1} | figures(*(f"my_{kind}" for kind, _ in LEARNERS.values()))

TANH = {"width": 8, "activation": "tanh", "batch_size": 4}
# Two of the learners extend relu with its rate: `square` in target_blindness, and `quadratic` in predictors.
RELU = {"parity_train": 12, "parity_trained_gradients": 1} | FIG1 | SIZE | VARIANCE | CLASSES | COMPARISONS
RELU |= figures("target_blindness")
# What is changed by an overlay, and the rules that run again with the number of their jobs.
OVERLAYS = {
    "threads": ({"threads": 2}, {}),
    "compilation of loops": ({"xla": True}, TRAIN_ALL),
    "resolution": ({"style": {"dpi": 100}}, DRAWN),
    "palette": ({"style": {"palette": "deep"}}, DRAWN),
    "length of one problem": (problem("fig1", "d5", n_steps=401), {"parity_train": 1} | FIG1),
    "evaluations of another": (
        problem("parity_size", "d5_sizes_signed", evaluate_every=40),
        {"parity_train": 1} | SIZE | RESCUES,
    ),
    "a problem that nothing selects": (parity(problems={"d40": {"n_features": 40}}), {}),
    "a learner that nothing selects": (parity(learners={"small_tanh": TANH}), {}),
    "a learner of each family that nothing selects": (
        {family: {"learners": block["learners"]} for family, block in NEW_LEARNERS.items()},
        {},
    ),
    "a learner of each family in a figure of the user's own": (NEW_LEARNERS, TRAIN_NEW),
    "an empty section": ({"parity": None, "curves": {"experiments": None}}, {}),
    "a replicate of the same block": ({"seeds": [0, 1, 2]}, REPLICATED),
    "a replicate of a new block": ({"seeds": [0, 1, 10]}, REPLICATED),
    "the order of replicates": (
        parity(
            experiments={
                "fig1": {"problems": {"d{n_features}": {"seeds": [1, 0]}}},
                "gradient_variance": {"initial": {"seeds": [1, 0]}},
            }
        ),
        {},
    ),
    "a rate that other learners inherit": (parity(learners={"relu": {"optimizer": {"learning_rate": 0.02}}}), RELU),
    "a rate written otherwise": (parity(learners={"relu": {"optimizer": {"learning_rate": 1.0e-2}}}), {}),
    "a learner's random stream": (
        parity(experiments={"predictors": {"learners": {"quadratic": {"stream": "other"}}}}),
        {"parity_train": 2} | CLASSES,
    ),
    # Snakemake compares parameters as a set of values: swapped values must not look the same.
    "two values that change places": (
        problem("fig1", "d10", n_steps=50, evaluate_every=200),
        {"parity_train": 1} | FIG1 | RESCUES,
    ),
    "noise of the oracle": (
        problem("queries", "d5_queries", queries={"noise": [0.0]}),
        {"parity_instances": 1, "parity_train": 1} | figures("queries"),
    ),
    "seeds of an analysis": (
        parity(experiments={"gradient_variance": {"initial": {"seeds": [0]}}}),
        INITIAL | VARIANCE,
    ),
    "saved networks": (
        parity(experiments={"gradient_variance": {"trained": {"problems": {"d6_kept": {"snapshots": [0]}}}}}),
        {"parity_train": 1, "parity_trained_gradients": 1} | VARIANCE,
    ),
    "a learner of another family": (
        {"portfolio": {"experiments": {"fig4": {"learners": ["end_to_end", "decomposition", "end_to_end_sgd"]}}}},
        {"portfolio_train": 1} | figures("fig4"),
    ),
    "a new learner": (
        parity(learners={"small_tanh": TANH}, experiments={"fig1": {"learners": ["relu", "small_tanh"]}}),
        {"parity_train": 2} | FIG1,
    ),
    "a grid with one more member": (
        problem(
            "fig1",
            "d{n_features}",
            n_features=[5, 10, 7],
            n_steps=[20000, 200, 200],
            evaluate_every=[200, 50, 50],
            checkpoint_every=[400, 100, 100],
        ),
        {"parity_instances": 1, "parity_train": 1} | FIG1,
    ),
    "an experiment of the user's own": (
        parity(experiments={"my_fig1": {"like": "fig1"}}),
        figures("my_fig1"),
    ),
    "an experiment of the user's own with a learner": (
        parity(
            learners={"small_tanh": TANH}, experiments={"my_fig1": {"like": "fig1", "learners": ["relu", "small_tanh"]}}
        ),
        {"parity_train": 2} | figures("my_fig1"),
    ),
}
