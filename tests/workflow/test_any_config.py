"""Property tests: every valid configuration can be planned, and every tiny one trained (hypothesis)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from failures.config.schema import families, validate
from failures.config.types import LOSSES, OPTIMIZERS
from failures.engine.blocks import train_block
from failures.families.parity.problem import draw_instances
from failures.families.parity.training import Training
from project import OVERLAY, ROOT

pytestmark = pytest.mark.slow
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
RATES = st.floats(1e-6, 10, allow_subnormal=False)


def literals(annotation):
    """Sample the values of a Literal."""
    return st.sampled_from(annotation.__args__)


@st.composite
def problems(draw, tiny):
    """Draw a block of `parity.problems`."""
    n = draw(st.integers(1, 6 if tiny else 40))
    sizes = st.lists(st.integers(1, n), min_size=1, max_size=3, unique=True)
    return {
        "n_features": n,
        "encoding": draw(st.sampled_from(["variant", "signed", "binary"])),
        "subset_sizes": draw(st.one_of(st.sampled_from(["random", "all"]), sizes)),
        "n_steps": draw(st.integers(1, 7 if tiny else 10**8)),
        "evaluate_every": draw(st.integers(1, 5 if tiny else 10**6)),
        "checkpoint_every": draw(st.integers(1, 5 if tiny else 10**8)),
        "evaluation": draw(st.integers(1, 20) if n > 14 else st.one_of(st.just("cube"), st.integers(1, 20))),
        "seeds": draw(st.lists(st.integers(0, 999_999), min_size=1, max_size=1 if tiny else 30, unique=True)),
    }


@st.composite
def learners(draw):
    """Draw a block of `parity.learners`."""
    return {
        "architecture": draw(st.sampled_from(["fully_connected", "residual", "quadratic"])),
        "width": draw(st.one_of(st.integers(1, 9), st.sampled_from(["1d", "2d"]))),
        "depth": draw(st.integers(0, 3)),
        "normalization": draw(st.sampled_from(["none", "layer"])),
        "loss": draw(literals(LOSSES)),
        "batch_size": draw(st.integers(1, 9)),
        "optimizer": {"name": draw(st.sampled_from(sorted(OPTIMIZERS))), "learning_rate": draw(RATES)},
    }


@st.composite
def configurations(draw, tiny=False):
    """Draw an overlay whose parity problems and learners are all shown in fig1."""
    made = draw(st.dictionaries(NAMES, problems(tiny), min_size=1, max_size=1 if tiny else 4))
    trained = draw(st.dictionaries(NAMES, learners(), min_size=1, max_size=1 if tiny else 4))
    return {
        **dict.fromkeys(set(families()) - {"parity"}),
        "variant": draw(st.sampled_from(["code", "paper"])),
        "threads": draw(st.integers(1, 64)),
        "style": {"dpi": draw(st.integers(50, 600))},
        "parity": {"problems": made, "learners": trained, "fig1": {"problems": [*made], "learners": [*trained]}},
    }


def merged(overlay):
    """Merge the overlay into the configuration at the tests' scale and validate the result."""
    from snakemake.utils import update_config

    raw = {}
    for layer in (
        *(yaml.safe_load((ROOT / name).read_text()) for name in ("config.yaml", OVERLAY)),
        overlay,
    ):
        update_config(raw, layer)
    return validate(raw)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(overlay=configurations())
def test_every_valid_configuration_plans(recorded, overlay):
    config = merged(overlay)
    (recorded.folder / "config/any.yaml").write_text(yaml.safe_dump(overlay))
    plan = recorded.plan("fig1", "--forceall", overlay=f"{OVERLAY} config/any.yaml")
    drawn = [config["parity"]["problems"][name] for name in overlay["parity"]["problems"]]
    blocks = sum(len({seed // 10 for seed in problem["seeds"]}) for problem in drawn)
    assert plan["parity_instances"] == blocks
    assert plan["parity_train"] == blocks * len(overlay["parity"]["learners"])


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(overlay=configurations(tiny=True))
def test_every_tiny_one_trains(tmp_path_factory, overlay):
    config, folder = merged(overlay), Path(tmp_path_factory.mktemp("tiny"))
    ((name, problem),) = ((key, config["parity"]["problems"][key]) for key in overlay["parity"]["problems"])
    ((learner_name, learner),) = ((key, config["parity"]["learners"][key]) for key in overlay["parity"]["learners"])
    training = Training(name, problem, learner_name, learner)
    training.trainer.xla = False
    instances = draw_instances(
        name, problem["n_features"], problem["subset_sizes"], problem["seeds"], variant=config["variant"]
    )
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
