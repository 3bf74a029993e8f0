"""What reruns after an edit: exactly the rules that depend on what was edited."""

import queue
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import yaml

from project import ROOT, Project


def figures(*names):
    """Both rules of each figure."""
    return {rule: 1 for name in names for rule in (f"{name}_table", name)}


FIG1, SIZE, CLASSES, VARIANCE = (figures(name) for name in ("fig1", "parity_size", "predictors", "gradient_variance"))
RESCUES, DEPTH, OPTIMISERS = (figures(name) for name in ("rescues", "depth_training", "optimisers"))
TRAINED_PARITIES = figures("fig1", "parity_size", "gradient_variance", "target_blindness", "predictors", "queries")
BEYOND = RESCUES | DEPTH | OPTIMISERS
TRAINED_PARITIES |= BEYOND
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
BLOCKS = {"parity_instances": 2, "parity_train": 2} | FIG1 | RESCUES
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


def with_verdicts(rules):
    """These rules, and those of the verdicts that rest on their tables."""
    claims = figures("claims") if CLAIMED & rules.keys() else {}
    published = figures("published") if {"fig1_table", "fig3_table", "fig4_table", "fig5_table"} & rules.keys() else {}
    return rules | claims | published


def replace(old, new):
    return lambda text: text.replace(old, new, 1)


def append(line):
    return lambda text: f"{text}\n\n{line}\n"


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
    "what a figure of curves decodes": (
        f"{LIBRARY}/families/curves/analyses/decoding.py",
        replace("np.full_like(curves, np.nan)", "np.full_like(curves, float('nan'))"),
        {"curves_decode": 1} | figures("fig6"),
    ),
    "how lines are evaluated": (
        f"{LIBRARY}/families/lines/sparse_n1.py",
        replace("SIDE**2", "SIDE * SIDE"),
        TRAIN_LINES | INITIAL_SIGNAL,
    ),
    "how signal is told from noise": (
        f"{LIBRARY}/families/lines/analyses/signal.py",
        replace("(n - 1), (square", "(n - 1.0), (square"),
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
    "how files are replaced": (f"{LIBRARY}/runtime/files.py", append("NOTHING = 0"), {}),
    "the fingerprint": (f"{LIBRARY}/runtime/fingerprint.py", append("NOTHING = 0"), {}),
    "a command": (f"{LIBRARY}/commands/audit.py", append("NOTHING = 0"), {}),
    "how costs are told": (
        f"{LIBRARY}/reporting/costs/schedule.py",
        replace("now, free = 0.0", "now, free = 0.0 * 1"),
        {},
    ),
    "a claim's threshold": ("workflow/claims.yaml", replace("at_least: 0.75", "at_least: 0.7"), figures("claims")),
    "the schema": (f"{LIBRARY}/families/parity/config.py", replace("le=1024", "le=1025"), {}),
    "a caption": (f"{LIBRARY}/families/parity/figures/fig1.rst", replace("Test accuracy", "Accuracy"), {}),
}


@pytest.fixture(scope="module")
def plans(recorded, tmp_path_factory):
    """What would run after each of the edits and changed values; two copies of the project work at once.

    Those that should rerun nothing are made all at once: one plan must be empty for all of them.
    """
    copies = queue.Queue()
    for name in ("left", "right"):
        folder = tmp_path_factory.mktemp(name) / "project"
        shutil.copytree(recorded.folder, folder)
        copies.put(Project(folder))

    def plan(changes):
        project = copies.get()
        try:
            with edited(project, [EDITS[what][:2] for what in changes if what in EDITS]):
                values = [CONFIGS[what][0] for what in changes if what in CONFIGS]
                overlay = project.overlay("config/changed.yaml", lambda block: [change(block) for change in values])
                return project.plan(overlay=overlay)
        finally:
            copies.put(project)

    expected = {what: case[-1] for what, case in (EDITS | CONFIGS).items()}
    nothing = [what for what, rules in expected.items() if not rules]
    trials = [nothing, *([what] for what, rules in expected.items() if rules)]
    with ThreadPoolExecutor(2) as pool:
        planned = pool.map(plan, trials)
        return {what: rules for trial, rules in zip(trials, planned, strict=True) for what in trial}


@contextmanager
def edited(project, edits):
    """Change files, each by a function of its text, and put them back."""
    before = {name: (project.folder / name).read_bytes() for name, _ in edits}
    try:
        for name, change in edits:
            project.edit(name, change)
        yield
    finally:
        for name, content in before.items():
            (project.folder / name).write_bytes(content)


def test_nothing_runs_without_an_edit(recorded):
    assert recorded.plan() == {}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_reruns_what_depends_on_it(plans, what):
    assert plans[what] == with_verdicts(EDITS[what][-1])


def change_value(*path, value):
    def change(block):
        for key in path[:-1]:
            block = block.setdefault(key, {})
        block[path[-1]] = value

    return change


def problems(*path, value):
    return change_value("parity", "problems", *path, value=value)


LEARNER = {"width": 8, "depth": 1, "activation": "tanh", "loss": "hinge", "batch_size": 4}


def tanh_in_fig1(block):
    block["parity"]["learners"] = {"tanh": LEARNER}
    block["parity"]["fig1"]["learners"] = ["relu", "tanh"]


CONFIGS = {
    "threads": (change_value("threads", value=2), {}),
    "how loops are compiled": (change_value("xla", value=True), TRAIN_ALL),
    "resolution": (change_value("style", "dpi", value=100), DRAWN),
    "palette": (change_value("style", "palette", value="deep"), DRAWN),
    "length of one problem": (problems("d5", "n_steps", value=401), {"parity_train": 1} | FIG1),
    "evaluations of another": (
        problems("d5_sizes_signed", "evaluate_every", value=40),
        {"parity_train": 1} | SIZE | RESCUES,
    ),
    "a problem that nothing selects": (problems("d30", "n_steps", value=7), {}),
    "a learner that nothing selects": (change_value("parity", "learners", "tanh", value=LEARNER), {}),
    "a replicate of the same block": (change_value("seeds", value=[0, 1, 2]), BLOCKS),
    "a replicate of a new block": (change_value("seeds", value=[0, 1, 10]), BLOCKS),
    "the order of replicates": (change_value("seeds", value=[1, 0]), {}),
    "one learner's rate": (
        change_value("parity", "learners", "relu", value={"optimizer": {"learning_rate": 0.02}}),
        {"parity_train": 8, "parity_trained_gradients": 1} | FIG1 | SIZE | VARIANCE | CLASSES | BEYOND,
    ),
    "a rate written otherwise": (
        change_value("parity", "learners", "relu", value={"optimizer": {"learning_rate": 1.0e-2}}),
        {},
    ),
    # Snakemake compares parameters as a set of values: swapped values must not look the same.
    "two values that change places": (
        problems("d10", value={"n_steps": 50, "evaluate_every": 200, "checkpoint_every": 100}),
        {"parity_train": 1} | FIG1 | RESCUES,
    ),
    "answers to queries": (
        problems("d5_queries", "queries", value={"noise": [0.0]}),
        {"parity_instances": 1, "parity_train": 1} | figures("queries"),
    ),
    "seeds of an analysis": (
        change_value("parity", "gradient_variance", "initial", "seeds", value=[0]),
        INITIAL | VARIANCE,
    ),
    "networks that are kept": (
        problems("d6_kept", "snapshots", value=[0]),
        {"parity_train": 1, "parity_trained_gradients": 1} | VARIANCE,
    ),
    "a learner of another family": (
        change_value("portfolio", "fig4", "learners", value=["end_to_end", "decomposition", "end_to_end_sgd"]),
        {"portfolio_train": 1} | figures("fig4"),
    ),
    "a new learner": (tanh_in_fig1, {"parity_train": 2} | FIG1),
}  # fmt: skip


@pytest.mark.parametrize("what", CONFIGS)
def test_a_changed_value_reruns_what_uses_it(plans, what):
    assert plans[what] == with_verdicts(CONFIGS[what][-1])


def test_a_link_to_the_project_reruns_nothing(recorded, tmp_path):
    (tmp_path / "link").symlink_to(recorded.folder)
    assert recorded.plan(f"--snakefile={tmp_path}/link/Snakefile") == {}
