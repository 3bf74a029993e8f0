"""Experiments and the registry that the rules are made from."""

from types import SimpleNamespace

import pytest

from failures.config.experiments import block_seeds, blocks
from failures.config.registry import Registry

CONFIG = {
    "xla": True,
    "parity": {
        "problems": {
            "d5": {"n_features": 5, "n_steps": 9, "seeds": [12, 3, 1], "stream": "d5"},
            "d6": {"n_features": 6, "n_steps": 7, "seeds": [0], "stream": "six"},
        },
        "learners": {"relu": {"width": 3, "depth": 1, "stream": "relu"}, "deep": {"width": 4, "stream": "other"}},
    },
}
FIG1 = {"like": "fig1", "problems": ["d5", "d6"], "learners": ["relu"]}
EXPERIMENTS = {
    "parity": {
        "fig1": FIG1,
        "mine": FIG1 | {"learners": ["relu", "deep"], "n": 4},
        "gradient_variance": {"like": "gradient_variance", "initial": {"seeds": [2]}, "trained": FIG1},
    }
}


@pytest.fixture
def registry():
    return Registry(CONFIG, EXPERIMENTS, "results")


def test_blocks_are_fixed_and_seeds_sorted():
    assert blocks([25, 3, 0, 21]) == ["0-9", "20-29"]
    assert block_seeds([25, 3, 0, 21], "20-29") == [21, 25]


def test_an_experiment_selects_files_and_keys(registry):
    experiment = registry.experiments["parity"]["mine"]
    runs = "results/runs/parity"
    assert experiment.files("runs") == [
        *(f"{runs}/d5/{learner}/seeds_{block}/runs.csv" for learner in ("relu", "deep") for block in ("0-9", "10-19")),
        *(f"{runs}/d6/{learner}/seeds_0-9/runs.csv" for learner in ("relu", "deep")),
    ]
    assert experiment.files("instances")[1] == "results/instances/parity/d5/seeds_10-19.csv"
    assert experiment.problems("n_features") == {"d5": {"n_features": 5}, "d6": {"n_features": 6}}
    assert experiment.values("n_steps") == {"d5": 9, "d6": 7}
    assert experiment.learners("depth", "width") == {"relu": {"depth": 1, "width": 3}, "deep": {"width": 4}}
    assert experiment.problem["n_features"] == 5
    part = registry.experiments["parity"]["gradient_variance"].part("trained")
    assert (part.name, part.files("models")[-1]) == ("gradient_variance", f"{runs}/d6/relu/seeds_0-9/models")


def test_every_experiment_of_a_kind_has_a_figure_with_its_modules(registry):
    registry.add_figures("parity", "fig1", files=["history"], problems=["n_features"], learners=["width"])
    assert list(registry.figures) == ["fig1", "mine"]
    mine, table = registry.figures["mine"], registry.tables["mine"]
    assert mine.module == "failures.families.parity.figures.fig1"
    assert mine.caption == registry.figures["fig1"].caption
    assert mine.caption.is_file()
    assert (mine.group, mine.kind, mine.tables) == ("parity", "fig1", ["mine"])
    assert table.module == "failures.families.parity.tables.fig1"
    assert len(table.inputs["history"]) == 6
    assert table.settings == {
        "problems": {"d5": {"n_features": 5}, "d6": {"n_features": 6}},
        "learners": {"relu": {"width": 3}, "deep": {"width": 4}},
    }
    assert registry.figure_files("parity")[3:] == [f"results/figures/mine.{suffix}" for suffix in ("pdf", "svg", "png")]
    assert registry.figure_files("lines") == []


def test_training_receives_the_keys_that_it_uses(registry):
    registry.add_training("parity", instances=["n_features"], problem=["n_steps"], memory=1, minutes=2)
    wildcards = SimpleNamespace(problem="d5", learner="relu", block="0-9")
    training = registry.trainings["parity"]
    assert training.instance_settings(wildcards) == {"stream": "d5", "n_features": 5, "seeds": [1, 3]}
    assert training.settings(wildcards) == {
        "problem": {"stream": "d5", "n_steps": 9},
        "learner": {"width": 3, "depth": 1, "stream": "relu"},
        "xla": True,
    }
    assert tuple(training.sources(wildcards)) == ()


def test_an_analysis_is_made_for_the_experiments_of_its_kind(registry):
    arguments = {"analysis": "initial_gradients", "output": "gradients/parity/{experiment}", "memory": 1, "minutes": 2}
    registry.add_analysis(
        "parity",
        "fig1",
        "mine_and_fig1",
        learner=["width"],
        further=lambda experiment, wildcards: {"n": experiment["n"]},
        networks=True,
        inputs={"pool": "pool.npy"},
        **arguments,
    )
    registry.add_analysis("parity", "queries", "absent", **arguments)
    assert list(registry.analyses) == ["mine_and_fig1"]
    analysis = registry.analyses["mine_and_fig1"]
    wildcards = SimpleNamespace(experiment="mine", learner="deep")
    assert list(analysis.experiments) == ["fig1", "mine"]
    assert analysis.settings(wildcards) == {"name": "deep", "stream": "other", "width": 4, "n": 4}
    assert analysis.files["runs"](wildcards) == registry.experiments["parity"]["mine"].files("runs")
    assert analysis.files["pool"] == "pool.npy"
    assert analysis.module == "failures.families.parity.analyses.initial_gradients"
