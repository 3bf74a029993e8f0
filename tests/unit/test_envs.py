"""Consistency of the lock files and the conda environments."""

import re

import pytest
import yaml

PIN = re.compile(r"^([a-z0-9_.-]+)(?:\[[a-z-]+\])?==([^\s;]+)", re.M)


@pytest.fixture
def envs(request):
    return request.config.rootpath / "envs"


@pytest.mark.parametrize("lock", ["lock.txt", "lock-gpu.txt"])
def test_locks_are_hashed_and_name_no_index(envs, lock):
    text = (envs / lock).read_text()
    pins = PIN.findall(text)
    assert len(pins) > 80
    assert len({name for name, _ in pins}) == len(pins), "one version of each package for all platforms"
    for requirement in re.split(r"\n(?=[a-z])", text):
        assert "--hash=sha256:" in requirement
    assert "://" not in text
    assert "--index" not in text


def test_the_lock_holds_the_small_tensorflow_where_it_exists(envs):
    text = (envs / "lock.txt").read_text()
    markers = dict(re.findall(r"^(tensorflow(?:-cpu)?)==[^;]+;([^\n]+)", text, re.M))
    assert "linux" in markers["tensorflow-cpu"]
    assert "x86_64" in markers["tensorflow-cpu"]
    assert "x86_64" not in markers["tensorflow"]
    assert "darwin" in markers["tensorflow"]


@pytest.mark.parametrize("name", ["analysis", "training"])
def test_conda_environments_have_the_pins_of_the_lock(envs, name):
    lock = dict(PIN.findall((envs / "lock.txt").read_text()))
    environment = yaml.safe_load((envs / f"{name}.yaml").read_text())
    assert environment["channels"][-1] == "nodefaults"
    pip = environment["dependencies"][-1]["pip"]
    pins = dict(PIN.findall("\n".join(pip)))
    assert len(pins) == len(pip)
    assert pins.items() <= lock.items()
    assert {"numpy", "pandas", "pyarrow"} <= set(pins)
    assert ("keras" in pins) == (name == "training")
