"""Memory of training jobs: that of the files' settings stays, more is requested for more, and too much is refused."""

import pytest

from failures.config.experiments import Family
from failures.config.memory import Footprint
from failures.config.registry import Registry
from failures.config.schema import family_module, load
from failures.config.types import ConfigError
from failures.packages import families
from project import ROOT

# Memory of training jobs in MB, in workflow/rules.
USUAL = {"parity": 1550, "periodic": 1200, "lines": 1550, "portfolio": 1400, "curves": 1550, "steps": 1550}


@pytest.mark.parametrize("scale", ["full", "preview", "test"])
def test_the_settings_of_the_files_need_no_more_than_the_rules_request(scale):
    config = load(ROOT, scale=scale)
    for name in families():
        assert f"memory={USUAL[name]}," in (ROOT / f"workflow/rules/{name}.smk").read_text()
        for problem, learner in Family(name, config[name], "results").pairs():
            footprint = family_module(name).footprint(
                config[name]["problems"][problem], config[name]["learners"][learner]
            )
            assert footprint.megabytes <= USUAL[name], (name, problem, learner)


LARGER = {
    "parity": {"learners": {"relu": {"width": 10_000, "depth": 2}}},
    "periodic": {"experiments": {"linear_periodic": {"learners": {"relu": {"batch_size": 1_000_000}}}}},
    "lines": {"learners": {"end_to_end": {"batch_size": 50_000}}},
    "portfolio": {"problems": {"k": {"n_features": 100_000}}},
    "curves": {"problems": {"pieces": {"n_points": 10_000}}},
    "steps": {"learners": {"end_to_end": {"width": 5_000}}},
}


@pytest.mark.parametrize("family", families())
def test_more_is_requested_for_larger_settings_and_too_much_is_refused(family):
    for largest, refused in ((1_000_000, False), (1500, True)):
        config = load(ROOT, largest_memory=largest, **{family: LARGER[family]})
        registry = Registry(config, {name: config[name]["experiments"] for name in families()}, "results")
        registry.add_training(family, instances=[], problem=[], memory=USUAL[family], minutes=1)
        if refused:
            with pytest.raises(
                ConfigError, match=rf"{family}\..* MB of memory, more than largest_memory = 1,500; reduce"
            ):
                registry.check_memory()
        else:
            registry.check_memory()
            pairs = registry.families[family].pairs()
            assert max(registry.trainings[family].megabytes(*pair) for pair in pairs) > 1.2 * USUAL[family]


def test_an_absurd_size_is_refused():
    config = load(ROOT, parity={"learners": {"relu": {"width": 100_000, "depth": 256, "batch_size": 1_000_000}}})
    registry = Registry(config, {"parity": config["parity"]["experiments"]}, "results")
    registry.add_training("parity", instances=[], problem=[], memory=1550, minutes=1)
    with pytest.raises(ConfigError, match=r"parity\.learners\.\w+ on .*training needs about [\d,]{7,} MB"):
        registry.check_memory()


def test_a_footprint_counts_copies():
    small = Footprint(weights=0, units=0, widest=0, batch=1)
    assert Footprint(25_000_000, 0, 0, 1).megabytes - small.megabytes == 1200
    assert Footprint(0, 100, 0, 1_000_000).megabytes - small.megabytes == 1600
    assert Footprint(0, 100, 100, 0, evaluation=1_000_000).megabytes - small.megabytes == 1600
    assert Footprint(0, 0, 0, 0, data=25_000_000).megabytes - small.megabytes == 100
