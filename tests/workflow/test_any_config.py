"""Property tests: every valid configuration can be planned, and every tiny one trained (hypothesis)."""

from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from failures.config.schema import load
from failures.config.types import LOSSES, OPTIMIZERS
from failures.engine.blocks import train_block
from failures.families.parity.problem import draw_instances
from failures.families.parity.training import Training
from project import ROOT, SCALE

pytestmark = pytest.mark.slow
# The names leave room for the value of a grid, and are not those of the configuration.
NAMES = st.from_regex(r"my_[a-z0-9_]{0,20}", fullmatch=True)
RATES = st.floats(1e-6, 10, allow_subnormal=False)


def literals(annotation):
    """Sample the values of a Literal."""
    return st.sampled_from(annotation.__args__)


@st.composite
def problems(draw, tiny):
    """Draw a problem of the family parity."""
    n = draw(st.integers(1, 6 if tiny else 40))
    sizes = st.lists(st.integers(1, n), min_size=1, max_size=3, unique=True)
    return {
        "n_features": n,
        "encoding": draw(st.sampled_from(["signed", "binary"])),
        "subset_sizes": draw(st.one_of(st.sampled_from(["random", "all", "full"]), sizes)),
        "targets": draw(st.sampled_from(["front", "uniform"])),
        "n_steps": draw(st.integers(1, 7 if tiny else 10**8)),
        "evaluate_every": draw(st.integers(1, 5 if tiny else 10**6)),
        "checkpoint_every": draw(st.integers(1, 5 if tiny else 10**8)),
        "evaluation": draw(st.integers(1, 20) if n > 14 else st.one_of(st.just("cube"), st.integers(1, 20))),
        "seeds": draw(st.lists(st.integers(0, 999_999), min_size=1, max_size=1 if tiny else 30, unique=True)),
    }


@st.composite
def learners(draw):
    """Draw a learner of the family parity."""
    return {
        "architecture": draw(st.sampled_from(["fully_connected", "residual", "quadratic"])),
        "width": draw(st.one_of(st.integers(1, 9), st.sampled_from(["1d", "2d"]))),
        "depth": draw(st.integers(0, 3)),
        "normalization": draw(st.sampled_from(["none", "layer"])),
        "loss": draw(literals(LOSSES)),
        "batch_size": draw(st.integers(1, 9)),
        "optimizer": draw(optimizers()),
    }


@st.composite
def optimizers(draw):
    """Draw an optimiser; Muon requires both of its decays."""
    name = draw(st.sampled_from(sorted(OPTIMIZERS)))
    decays = {
        key: draw(st.sampled_from([0.0, 0.01])) for key in ("weight_decay", "adam_weight_decay") if name == "Muon"
    }
    return {"name": name, "learning_rate": draw(RATES)} | ({"arguments": decays} if decays else {})


@st.composite
def grids(draw, entries, key, values):
    """Draw three definitions (an entry, one that extends it, and a grid) and the names of their members."""
    names = draw(st.lists(NAMES, min_size=3, max_size=3, unique=True))
    single, child, grid = (f"{name}_{kind}" for name, kind in zip(names, ("single", "child", "grid"), strict=True))
    members = draw(st.lists(values, min_size=1, max_size=3, unique=True))
    return {
        single: draw(entries),
        child: {"extends": single, key: draw(values)},
        grid: {"extends": child, key: members},
    }, [single, child, *(f"{grid}_{member}" for member in members)]


@st.composite
def configurations(draw, tiny=False):
    """Draw an overlay of fig1, and the names of its problems and learners; one of each in a tiny one."""
    problem_entries, problem_names = draw(grids(problems(tiny), "n_steps", st.integers(1, 7 if tiny else 10**8)))
    learner_entries, learner_names = draw(grids(learners(), "batch_size", st.integers(1, 9)))
    shown = {"problems": [*problem_entries], "learners": [*learner_entries]}
    if tiny:
        problem_names, learner_names = ([draw(st.sampled_from(names))] for names in (problem_names, learner_names))
        shown = {"problems": problem_names, "learners": learner_names}
    overlay = {
        "variant": draw(st.sampled_from(["code", "paper"])),
        "threads": draw(st.integers(1, 64)),
        "style": {"dpi": draw(st.integers(50, 600))},
        "parity": {
            "problems": problem_entries,
            "learners": learner_entries,
            "experiments": {"fig1": shown, "mine": {"like": "fig1", "learners": shown["learners"][:1]}},
        },
    }
    return overlay, problem_names, learner_names


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=configurations())
def test_every_valid_configuration_plans(recorded, drawn):
    overlay, problems, learners = drawn
    config = load(ROOT, **overlay, scale=SCALE)
    plan = recorded.plan("fig1", "mine", "--forceall", overlay=recorded.overlay("any.yaml", overlay))
    assert config["parity"]["experiments"]["fig1"] == {"like": "fig1", "problems": problems, "learners": learners}
    blocks = sum(len({seed // 10 for seed in config["parity"]["problems"][name]["seeds"]}) for name in problems)
    trained = {"parity_instances": blocks, "parity_train": blocks * len(learners)}
    assert plan == trained | dict.fromkeys(["fig1_table", "fig1", "mine_table", "mine"], 1)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=configurations(tiny=True))
def test_every_tiny_one_trains(tmp_path_factory, drawn):
    overlay, (name,), (learner_name,) = drawn
    block, folder = load(ROOT, **overlay, scale=SCALE)["parity"], Path(tmp_path_factory.mktemp("tiny"))
    problem, learner = block["problems"][name], block["learners"][learner_name]
    training = Training(problem, learner)
    training.trainer.xla = False
    instances = draw_instances(**{key: problem[key] for key in signature(draw_instances).parameters})
    files = {"history": folder / "history.parquet", "runs": folder / "runs.csv", "models": folder / "models"}
    train_block(
        training, {"problem": name, "learner": learner_name}, instances, **files, checkpoints=folder / "c", identity=0
    )
    history, runs = pd.read_parquet(files["history"]), pd.read_csv(files["runs"])
    assert len(runs) == len(instances) == len(list(files["models"].iterdir()))
    assert runs["status"].isin(["ok", "diverged"]).all()
    assert history["step"].max() < problem["n_steps"]
    accuracies = history.query("metric == 'accuracy'")["value"]
    assert np.isfinite(accuracies).all()
    assert accuracies.between(0, 1).all()
