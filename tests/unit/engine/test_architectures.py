import json
import os
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import numpy_architectures
import pandas as pd
import pytest

from failures.config.schema import ConfigError, load
from failures.config.types import Learner
from failures.engine import architectures, learners
from failures.runtime.fingerprint import fingerprint
from project import ROOT

NETWORK = Learner().model_dump()
VARIANTS = [{}, {"branch_scale": "depth"}, {"normalization": "layer"}, {"initial_weights": 1.4, "initial_biases": 0.5}]


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("settings", VARIANTS)
@pytest.mark.parametrize("name", architectures.built_in())
def test_an_architecture_computes_its_forward_pass_in_numpy(name, settings, depth):
    settings = NETWORK | settings | {"architecture": name, "width": 5, "depth": depth, "activation": "tanh"}
    model = learners.network(6, settings, "test")
    rng = np.random.default_rng(0)
    model.set_weights([weight + 0.1 * rng.standard_normal(weight.shape) for weight in model.get_weights()])
    x = rng.standard_normal((7, 6)).astype("f")
    # In double precision: OpenBLAS reports invalid values in products of single-precision rows of five values.
    weights = [np.float64(weight) for weight in model.get_weights()]
    hidden = getattr(numpy_architectures, name)(settings, weights, np.float64(x))
    kernel, bias = weights  # Of the output layer: the hidden layers removed theirs.
    np.testing.assert_allclose(model(x), hidden @ kernel + bias, atol=1e-5)


def test_quadratic_features_are_those_of_the_width_of_the_inputs():
    assert learners.network(6, NETWORK | {"architecture": "quadratic"}, "test").get_layer("hidden_1").units == 60


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution, with entry points and files, in a folder that is first on the path."""

    def into_folder(distribution, entries, files):
        write_distribution(tmp_path, distribution, entries, files)
        monkeypatch.syspath_prepend(tmp_path)
        architectures._registered.cache_clear()
        return tmp_path

    yield into_folder
    architectures._registered.cache_clear()


def write_distribution(folder, distribution, entries, files):
    """Write what an installer writes. entries: values by name, or pairs. files: texts by path."""
    pairs = entries.items() if isinstance(entries, dict) else entries
    information = f"{distribution}-1.0.dist-info"
    files = files | {
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n",
        f"{information}/entry_points.txt": f"[{architectures.GROUP}]\n"
        + "".join(f"{name} = {value}\n" for name, value in pairs),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


# A module that cannot be imported: validation must not try to.
UNIMPORTABLE = "raise RuntimeError('imported')\n"


@pytest.mark.parametrize(
    ("entries", "files", "name", "words"),
    [
        ({}, {}, "dense", "unknown architecture 'dense'; allowed: convolutional, fully_connected, quadratic, residual"),
        ({"mine": "mine"}, {"mine.py": UNIMPORTABLE}, "my", "allowed: convolutional, fully_connected, mine, quadratic"),
        ({"mine": "mine"}, {}, "mine", "'mine': no Python source of the registered module 'mine' is installed"),
        ({"mine": "space.one"}, {"space/two.py": ""}, "mine", "no Python source of the registered module 'space.one'"),
        ({"mine": "mine:build"}, {"mine.py": ""}, "mine", "must be a module, not 'mine:build'"),
        ({"mine": "../mine"}, {"mine.py": ""}, "mine", "must be a module, not '../mine'"),
        ({"residual": "mine"}, {"mine.py": ""}, "residual", "'residual' is built in and also registered by first"),
        ([("mine", "one"), ("mine", "two")], {"one.py": ""}, "mine", "registered more than once (first, first)"),
    ],
)
def test_a_name_that_is_unknown_or_ambiguous_is_an_error_of_one_line(install, entries, files, name, words):
    install("first", entries, files)
    with pytest.raises(ConfigError) as caught:
        load(ROOT, parity={"learners": {"mine": {"architecture": name}}})
    assert re.match(r"config: parity\.learners\.(mine|residual)\.architecture: ", str(caught.value))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_packages_with_one_name_are_an_error_only_where_the_name_is_used(install):
    install("first", {"mine": "one", "other": "one"}, {"one.py": UNIMPORTABLE})
    install("second", {"mine": "two", "quadratic": "two"}, {"two.py": UNIMPORTABLE})
    with pytest.raises(ValueError, match=r"'mine' is registered more than once \(first, second\); uninstall or rename"):
        architectures.check("mine")
    assert architectures.check("other") == "other"
    assert architectures.check("residual") == "residual"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("alone", ["alone.py"]),
        ("package", ["package/__init__.py", "package/inner/__init__.py", "package/inner/wide.py", "package/one.py"]),
        (
            "package.one",
            ["package/__init__.py", "package/inner/__init__.py", "package/inner/wide.py", "package/one.py"],
        ),
        ("space.one", ["space/one.py"]),
        ("space.inside.one", ["space/inside/__init__.py", "space/inside/one.py"]),
    ],
)
def test_the_sources_of_a_registered_module_are_the_files_of_its_package(install, value, expected):
    names = ["alone.py", "space/one.py", "space/two.py", "space/inside/__init__.py", "space/inside/one.py"]
    names += ["package/__init__.py", "package/one.py", "package/inner/__init__.py", "package/inner/wide.py"]
    files = dict.fromkeys(names, UNIMPORTABLE) | {"package/readme.txt": "", "beside.py": UNIMPORTABLE}
    folder = install("first", {"mine": value}, files)
    assert [str(path.relative_to(folder)) for path in architectures.sources("mine")] == expected
    assert not {"alone", "package", "space"} & set(sys.modules)


def test_the_source_of_a_built_in_architecture_is_its_module():
    assert architectures.sources("residual") == ("failures.engine.architectures.residual",)


def test_a_module_without_the_function_or_with_another_shape_is_an_error(install):
    function = "import keras\ndef hidden_layers(inputs, *_):\n    return keras.ops.expand_dims(inputs, 2)\n"
    files = {"no_function.py": "", "no_shape.py": function}
    install("first", {"without": "no_function", "shape": "no_shape"}, files)
    with pytest.raises(ValueError, match=r"module 'no_function' needs hidden_layers\(inputs, settings"):
        learners.network(5, NETWORK | {"architecture": "without"}, "test")
    with pytest.raises(ValueError, match=r"'shape': hidden_layers returned the shape \(None, 5, 1\)"):
        learners.network(5, NETWORK | {"architecture": "shape"}, "test")


def test_an_architecture_receives_its_seven_settings_and_no_others(install):
    source = "SEEN = []\ndef hidden_layers(inputs, settings, *path):\n    SEEN.append(settings)\n    return inputs\n"
    install("first", {"mine": "seen_settings"}, {"seen_settings.py": source})
    few = {"architecture": "mine", "width": 3, "depth": 2, "activation": "relu", "normalization": "none"}
    learners.network(5, NETWORK | few, "test")
    learners.network(5, few, "test")
    defaults = {"initial_weights": "scripts", "initial_biases": 0.0, "branch_scale": "one"}
    expected = {key: few[key] for key in ("width", "depth", "activation", "normalization")} | defaults
    assert [expected, expected] == sys.modules["seen_settings"].SEEN
    assert defaults.items() <= NETWORK.items()


def run_python(code, *path, arguments=()):
    """Run Python in a process of its own, with these folders on the path. Returns what it printed."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path)), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


TRAIN = """
import sys
from pathlib import Path
from failures.config.schema import load
from failures.engine import architectures

root, folder, overlay = map(Path, sys.argv[1:])
block = load(root, overlay, scale="test")["parity"]
print(*architectures.sources(block["learners"]["mine"]["architecture"]))
assert not {"keras", "tensorflow", "gates"} & set(sys.modules)

from failures.engine.tensorflow_setup import configure_tensorflow
configure_tensorflow(threads=1)
import pandas as pd
from failures.engine.blocks import train_block
from failures.families.parity.training import Training

problem = block["problems"]["d5"] | {"n_steps": 40, "evaluate_every": 10, "checkpoint_every": 20}
training = Training(problem, block["learners"]["mine"])
training.trainer.xla = False
instances = pd.DataFrame({"trial": ["seed_0"], "seed": [0], "target": ["11010"]})
paths = [folder / name for name in ("history.parquet", "runs.csv", "models", "checkpoints")]
train_block(training, {"problem": "d5", "learner": "mine"}, instances, *paths, identity="test")
"""
GATES = """
import keras

from failures.engine.layers import dense, initializers, units


def hidden_layers(inputs, settings, *path):
    hidden, width = inputs, units(settings["width"], inputs.shape[-1])
    for layer in range(1, settings["depth"] + 1):
        start = initializers(hidden.shape[-1], settings, *path, layer, "gate")
        gate = keras.layers.Dense(width, "sigmoid", name=f"gate_{layer}", **start)(hidden)
        hidden = keras.layers.Multiply(name=f"gated_{layer}")([dense(hidden, width, settings, *path, layer), gate])
    return hidden
"""


def test_an_installed_package_trains_without_a_change_to_the_repository(tmp_path):
    site, out = tmp_path / "site", tmp_path / "out"
    write_distribution(site, "gates", {"gated": "gates.layers"}, {"gates/__init__.py": "", "gates/layers.py": GATES})
    out.mkdir()
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("parity: {learners: {mine: {architecture: gated, width: 7, depth: 2}}}\n")
    with pytest.raises(ConfigError, match="unknown architecture 'gated'"):
        load(ROOT, overlay, scale="test")
    printed = run_python(TRAIN, ROOT / "workflow", site, arguments=[ROOT, out, overlay])
    assert printed.splitlines()[0] == f"{site}/gates/__init__.py {site}/gates/layers.py"
    runs = pd.read_csv(out / "runs.csv")
    assert (runs["status"].tolist(), runs["n_steps"].tolist()) == (["ok"], [40])
    model = keras.models.load_model(out / "models/seed_0.keras", safe_mode=True)
    assert model.get_layer("gate_2").kernel.shape == (7, 7)


FINGERPRINTS = """
import json
from failures.engine import architectures
from failures.packages import families, package
from failures.runtime.fingerprint import fingerprint

prints = {name: fingerprint(f"{package(name)}.training") for name in families()}
prints |= {name: fingerprint("failures.families.parity.training", *architectures.sources(name))
           for name in architectures.built_in()}
prints["analysis"] = fingerprint("failures.families.periodic.analyses.gradient_variance")
print(json.dumps(prints))
"""


def fingerprints(package):
    return json.loads(run_python(FINGERPRINTS, package))


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_edited_architecture_is_in_the_fingerprint_of_its_learners_and_of_no_others(tmp_path):
    shutil.copytree(ROOT / "workflow/failures", tmp_path / "failures", ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "failures/engine/architectures"
    before = fingerprints(tmp_path)
    (folder / "one_more.py").write_text('"""Another architecture."""\n' + GATES)
    added = fingerprints(tmp_path)
    assert set(added) - set(before) == {"one_more"}
    assert {name: added[name] for name in before} == before
    edit(folder / "residual.py", "layer > 1", "layer > 2")
    changed = {name for name, value in fingerprints(tmp_path).items() if value != added[name]}
    assert changed == {"residual"}
    edit(folder / "fully_connected.py", "+ 1", "+ 2")
    changed = {name for name, value in fingerprints(tmp_path).items() if value != added[name]}
    assert changed == {"residual", "fully_connected", "quadratic"}


def test_an_edited_file_of_a_registered_package_changes_the_fingerprint(install):
    files = {"gates/__init__.py": "", "gates/layers.py": GATES, "gates/sizes.py": "SIZE = 1\n"}
    folder = install("gates", {"gated": "gates.layers"}, files)
    module = "failures.families.parity.training"
    before = fingerprint(module, *architectures.sources("gated"))
    for path in ("gates/sizes.py", "gates/layers.py"):
        (folder / path).write_text(files[path] + "\nEXTRA = 2\n")
        after = fingerprint(module, *architectures.sources("gated"))
        assert after != before
        before = after
    (folder / "gates/sizes.py").write_text('"""Sizes."""\n\nSIZE = 1  # of nothing\nEXTRA = 2\n')
    assert fingerprint(module, *architectures.sources("gated")) == before


def test_the_reference_describes_every_built_in_architecture():
    described = architectures.describe()
    assert described.keys() == architectures.built_in().keys()
    field = Learner.model_json_schema()["properties"]["architecture"]
    assert field["anyOf"] == [{"enum": sorted(described)}, {"type": "string"}]
    assert "`residual`: dense layers with a shortcut around each layer except the first." in field["description"]
    page = (ROOT / "docs/configuration.md").read_text()
    assert all(f"`{name}`: {text[0].lower()}{text[1:]}" in page for name, text in described.items())
