"""The recipes of CONTRIBUTING.md, "Add an architecture", as they are written."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib

import pytest

from project import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
BLOCK = re.compile(r"^ *<!-- (?:architecture|repository|package): (\S+) -->\n( *)```\w+\n(.*?)^\2```\n", re.M | re.S)
FILES = {match[1]: textwrap.dedent(match[3]) for match in BLOCK.finditer(TEXT)}

# Validates the configuration; prints the architecture of the learner, and the learners of Figure 1.
VALIDATE = """
import sys
from failures.config.schema import load

parity = load(*sys.argv[1:], scale="test")["parity"]
print(parity["learners"]["skips"]["architecture"], *parity["experiments"]["fig1"]["learners"])
"""
# Validates the configuration and trains 20 steps of the learner; prints the names of its layers.
TRAIN = """
import sys
import pandas as pd
from failures.config.schema import load
from failures.engine.tensorflow_setup import configure_tensorflow

block = load(*sys.argv[1:], scale="test")["parity"]
assert "keras" not in sys.modules
configure_tensorflow(threads=1)
from failures.families.parity.training import Training

problem = block["problems"]["d5"] | {"n_steps": 20, "evaluate_every": 10, "checkpoint_every": 20}
training = Training(problem, block["learners"]["skips"])
training.begin(next(pd.DataFrame({"trial": ["a"], "seed": [0], "target": ["11010"]}).itertuples()))
before = training.trainer.learner.get_weights()
training.trainer.train_to(training.trainer.schedule.chunks(0))
assert all((old != new).any() for old, new in zip(before, training.trainer.learner.get_weights()))
print(*(layer.name for layer in training.trainer.learner.layers))
"""
LATER = [f"{kind}_{layer}" for layer in (2, 3, 4) for kind in ("joined", "hidden", "activation")]
LAYERS = ["inputs", "hidden_1", "activation_1", *LATER, "output"]


def run(folder, *command, path):
    """Run Python in a folder, with these folders on the path. Returns what it printed."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path)), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, *map(str, command)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_recipes_have_their_files():
    assert list(FILES) == ["input_skips.py", "tests/numpy_architectures.py", "learner.yaml", "pyproject.toml"]


@pytest.fixture
def copy(tmp_path):
    """The parts of the project that the recipe changes or reads."""
    skip = shutil.ignore_patterns("__pycache__", "node_modules", ".snakemake", "published", "vendor")
    for name in ("workflow", "config", "tests/unit/engine", "tests/unit/config"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=skip)
    names = ["config.yaml", "pyproject.toml", "docs/configuration.md"]
    names += [str(path.relative_to(ROOT)) for path in (ROOT / "tests").glob("*.py")]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_recipe_for_this_repository(copy):
    module = copy / "workflow/failures/engine/architectures/input_skips.py"
    assert str(module.relative_to(copy)) in TEXT
    module.write_text(FILES["input_skips.py"])
    run(copy, "-m", "failures.commands.reference", path=["workflow"])  # make reference
    assert "`input_skips`: dense layers, each of which also reads the inputs." in (
        (copy / "docs/configuration.md").read_text()
    )
    with open(copy / "tests/numpy_architectures.py", "a") as file:
        file.write("\n\n" + FILES["tests/numpy_architectures.py"])
    tests = "tests/unit/engine/test_architectures.py"
    printed = run(copy, "-m", "pytest", "-q", "-k", "input_skips", tests, path=[])
    assert re.search(r"^12 passed", printed, re.M), printed
    (copy / "learner.yaml").write_text(FILES["learner.yaml"])
    assert run(copy, "-c", VALIDATE, ".", "learner.yaml", path=["workflow"]) == "input_skips relu skips\n"


def test_the_recipe_for_a_package_of_your_own(tmp_path):
    """The package is installed by hand, because an installer may need the network."""
    project = tomllib.loads(FILES["pyproject.toml"])
    name, version = project["project"]["name"], project["project"]["version"]
    information = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    entries = "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for group, values in project["project"]["entry-points"].items()
    )
    (information / "entry_points.txt").write_text(entries)
    for module in project["tool"]["setuptools"]["py-modules"]:
        (tmp_path / f"{module}.py").write_text(FILES[f"{module}.py"])
    (tmp_path / "learner.yaml").write_text(FILES["learner.yaml"])
    path = [ROOT / "workflow", tmp_path]
    assert run(tmp_path, "-c", TRAIN, ROOT, "learner.yaml", path=path).split() == LAYERS
