"""Nothing that is read is run: not as YAML tags, not as pickles, not as shell commands, not as code in models, not as
names of modules."""

import ast
import io
import json
import sys
import zipfile

import keras
import numpy as np
import pytest

from failures.artifacts.write import save_model
from failures.config.files import read_yaml
from failures.config.layers import read_layers
from failures.config.schema import ConfigError, validate
from failures.engine import architectures
from project import ROOT

SOURCES = [path for folder in ("workflow", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
CALLS = {"eval", "exec", "compile", "__import__", "popen", "unsafe_load", "full_load"}
MODULES = {"pickle", "marshal", "shelve", "dill", "joblib"}
KEYWORDS = {"allow_pickle": False, "safe_mode": True, "shell": False}


def name_of(function):
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def findings(source):
    """What this source should not do."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            yield from (name for name in names if name.split(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            name = name_of(node.func)
            # A model's `compile` runs nothing.
            if name in CALLS and not (name == "compile" and isinstance(node.func, ast.Attribute)):
                yield name
            owner = name_of(getattr(node.func, "value", node))
            if (owner, name) in (("yaml", "load"), ("os", "system")):
                yield f"{owner}.{name}"
            for keyword in node.keywords:
                if keyword.arg in KEYWORDS and getattr(keyword.value, "value", None) is not KEYWORDS[keyword.arg]:
                    yield keyword.arg


@pytest.mark.parametrize(
    "source",
    [
        "eval(x)",
        "import pickle",
        "from pickle import loads",
        "yaml.load(x)",
        "np.load(x, allow_pickle=True)",
        "run(x, shell=True)",
        "load_model(x, safe_mode=False)",
        "os.system(x)",
    ],
)
def test_the_search_finds_what_it_should(source):
    assert list(findings(source))


def test_no_source_runs_what_it_reads():
    # TensorFlow, imported by name; an array that must not be loaded.
    allowed = {("test_jobs.py", "__import__"), ("test_security.py", "allow_pickle")}
    found = {(path.name, what) for path in SOURCES for what in findings(path.read_text())}
    assert found == allowed


def test_no_rule_has_a_shell_command():
    """What a configuration says reaches scripts as values; there is no command line that it could break out of."""
    for path in [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]:
        assert not any(line.strip() in ("shell:", "run:") for line in path.read_text().splitlines()), path


def test_a_tag_in_yaml_runs_nothing(tmp_path):
    witness = tmp_path / "witness"
    path = tmp_path / "config.yaml"
    path.write_text(f"scale: !!python/object/apply:os.system ['touch {witness}']\n")
    with pytest.raises(ConfigError, match="unknown tag") as caught:
        read_yaml(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match="unknown tag"):
        read_layers(ROOT, [path])
    assert not witness.exists()
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert "\n" not in str(caught.value)


def test_a_model_with_code_inside_is_refused(tmp_path):
    """A lambda layer holds bytecode: whoever writes a file into results/ could run it."""
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1, output_shape=(1,))(inputs))
    save_model(model, tmp_path / "model.keras")
    assert "lambda" in json.dumps(json.loads(zipfile.ZipFile(tmp_path / "model.keras").read("config.json"))).lower()
    with pytest.raises(ValueError, match="unsafe"):
        keras.models.load_model(tmp_path / "model.keras")


def test_an_array_with_objects_is_refused():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    buffer.seek(0)
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(buffer)


@pytest.mark.parametrize(
    "name",
    [
        "witness",
        "witness.py",
        "./witness.py",
        "{folder}/witness.py",
        "witness:hidden_layers",
        "failures.engine.architectures.residual",
        "failures.engine.learners",
        "__init__",
        "../learners",
        "residual.py",
        "residual\n",
        "os",
        "",
    ],
)
def test_a_configuration_cannot_name_code(name, tmp_path, monkeypatch):
    """An architecture is a module of the project's folder or an entry point of an installed package."""
    touched, name = tmp_path / "touched", name.format(folder=tmp_path)
    (tmp_path / "witness.py").write_text(f"open({str(touched)!r}, 'w')\n\n\ndef hidden_layers(*_):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    raw = read_layers(ROOT, given={"parity": {"learners": {"mine": {"architecture": name}}}})
    with pytest.raises(ConfigError, match="unknown architecture") as caught:
        validate(raw)
    assert "\n" not in str(caught.value)
    for function in (architectures.check, architectures.sources, architectures.load):
        with pytest.raises(ValueError, match="unknown architecture"):
            function(name)
    assert not touched.exists()
    assert "witness" not in sys.modules
