"""Settings from outside: what jobs ignore, and that nothing of it reaches a network or a figure."""

import ast
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from failures.artifacts import style
from failures.families.parity.figures import fig1
from failures.runtime import environment
from project import ROOT
from unit.engine.trainings import COMPILED, begun, finished

LIBRARY = ROOT / "workflow"
SCRIPTS = sorted((LIBRARY / "scripts").glob("*.py"))
# Each of these alone changes a result or a figure, or ends a job.
HOSTILE = {
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "0",
    "KERAS_MAX_STEPS_PER_EPOCH": "1",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_FUNCTION_JIT_COMPILE_DEFAULT": "1",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "XLA_FLAGS": "--xla_nothing_known",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "cpp",
    "MPLBACKEND": "module://nothing",
    "FREETYPE_PROPERTIES": "truetype:interpreter-version=35",
    "MATPLOTLIBRC": "nowhere",
}


@pytest.fixture
def shell(monkeypatch):
    """The variables of a shell, as a mapping that tests change, and a copy of Python's search path."""
    variables = {"HOME": "/home/user", "PATH": "/bin"}
    monkeypatch.setattr(os, "environ", variables)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return variables


def names(shell):
    """The names of a shell's variables, without pytest's own."""
    return shell.keys() - {"PYTEST_CURRENT_TEST"}


@pytest.mark.parametrize("name", [*HOSTILE, "OMP_PROC_BIND", "NPY_DISABLE_CPU_FEATURES", "PANDAS_FUTURE_INFER_STRING"])
def test_variables_of_libraries_are_removed(shell, name):
    shell[name] = "1"
    environment.clean()
    assert names(shell) == {"HOME", "PATH", *environment.THREADS}


@pytest.mark.parametrize(
    "name",
    [
        "TF_CPP_MIN_LOG_LEVEL",
        "MPLCONFIGDIR",
        "TF_VAR_region",
        "CUDA_VISIBLE_DEVICES",
        "LD_LIBRARY_PATH",
        "PYTHON_VERSION",
    ],
)
def test_variables_that_change_no_artifact_stay(shell, name):
    shell[name] = "1"
    environment.clean()
    assert shell[name] == "1"
    assert environment.prepare_jobs(LIBRARY, ROOT, as_module=False) == ""
    assert shell[name] == "1"


def test_products_of_numpy_have_one_thread_whatever_snakemake_sets(shell):
    shell |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS"), "2")
    environment.clean()
    assert (shell["OMP_NUM_THREADS"], shell["OPENBLAS_NUM_THREADS"]) == ("1", "1")
    assert "GOTO_NUM_THREADS" not in shell


def test_of_the_flags_of_xla_only_the_folder_of_cuda_stays(shell):
    shell["XLA_FLAGS"] = "--xla_cpu_enable_fast_math=true --xla_gpu_cuda_data_dir=/opt/cuda --unknown"
    environment.clean()
    assert shell["XLA_FLAGS"] == "--xla_gpu_cuda_data_dir=/opt/cuda"


def test_what_python_reads_at_its_start_is_removed_for_jobs(shell, tmp_path):
    shell |= {"PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "error", "BASH_ENV": "rc", "GLIBC_TUNABLES": "x", "TF_X": "1"}
    shell["PYTHONPATH"] = f"{tmp_path}{os.pathsep}other"
    sys.path[:0] = [str(tmp_path), str(ROOT / "other")]
    line = environment.prepare_jobs(LIBRARY, ROOT, as_module=False)
    expected = {"HOME", "PATH", "PYTHONNOUSERSITE", "PYTHONPATH", "TF_X"}  # jobs remove TF_X themselves
    assert (names(shell), shell["PYTHONPATH"]) == (expected, str(LIBRARY))
    assert not {str(tmp_path), str(ROOT / "other")} & set(sys.path)
    assert line.startswith("environment: jobs ignore BASH_ENV=rc, GLIBC_TUNABLES=x, PYTHONOPTIMIZE=1, PYTHONPATH=/")
    assert line.endswith(", PYTHONWARNINGS=error, TF_X=1; unset what you do not need")


@pytest.mark.parametrize("path", ["workflow", str(LIBRARY), f"{LIBRARY}{os.pathsep}"])
def test_the_library_itself_and_installed_packages_are_no_path_from_outside(shell, path):
    (packages,) = {folder for folder in sys.path if folder.endswith("site-packages")}
    shell["PYTHONPATH"] = f"{path}{os.pathsep}{packages}"
    assert environment.prepare_jobs(LIBRARY, ROOT, as_module=False) == ""
    assert packages in sys.path


def test_a_workflow_that_imports_this_one_keeps_its_variables(shell, tmp_path):
    mine = {"PYTHONOPTIMIZE": "1", "BASH_ENV": "rc", "KERAS_BACKEND": "jax", "TF_XLA_FLAGS": "x"}
    shell |= mine | {"PYTHONPATH": str(tmp_path)}
    line = environment.prepare_jobs(LIBRARY, ROOT, as_module=True)
    assert mine.items() <= shell.items()
    assert "PYTHONNOUSERSITE" not in shell
    assert shell["PYTHONPATH"] == f"{LIBRARY}{os.pathsep}{tmp_path}"
    assert line.startswith("environment: jobs ignore KERAS_BACKEND=jax (the workflow trains with TensorFlow), TF_XLA_")


def test_a_packages_folder_of_the_user_is_searched_only_if_snakemake_is_there(shell, tmp_path, monkeypatch):
    monkeypatch.setattr("site.getusersitepackages", lambda: str(tmp_path))
    for inside in (False, True):
        sys.path.append(str(tmp_path))
        monkeypatch.setattr(environment, "_uses_packages_of_user", lambda inside=inside: inside)
        shell.pop("PYTHONNOUSERSITE", None)
        environment.prepare_jobs(LIBRARY, ROOT, as_module=False)
        assert (str(tmp_path) in sys.path, "PYTHONNOUSERSITE" in shell) == (inside, not inside)


def test_every_value_in_the_line_is_short(shell):
    shell["TF_XLA_FLAGS"] = "--flag\n" * 1000
    line = environment.prepare_jobs(LIBRARY, ROOT, as_module=False)
    assert "\n" not in line
    assert len(line) < 150


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_cleans_before_it_imports_a_library(script):
    first, call = ast.parse(script.read_text()).body[1:3]
    assert ast.unparse(first) == "from failures.runtime import environment, forkserver"
    assert ast.unparse(call) == "environment.clean()"


TRAIN = """
from failures.engine.tensorflow_setup import configure_tensorflow
configure_tensorflow(threads=1)
import sys
import numpy as np
from unit.engine.trainings import begun, finished
training = begun(xla=sys.argv[1] == "True")
np.savez(sys.argv[2], finished(training).values, *training.trainer.state)
"""


def run_python(code, folder, *arguments):
    """Run Python in a folder of a user whose shell and files are hostile."""
    (folder / ".keras").mkdir()
    (folder / ".keras/keras.json").write_text('{"floatx": "float16", "epsilon": 0.1, "backend": "torch"}')
    path = os.pathsep.join(str(ROOT / name) for name in ("workflow", "tests"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KERAS_", "TF_"))}
    variables = kept | HOSTILE | {"HOME": str(folder), "PYTHONPATH": path}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@COMPILED
def test_a_hostile_shell_changes_no_bit_of_a_run(tmp_path, xla):
    training = begun(xla=xla)
    expected = [finished(training).values, *training.trainer.state]
    run_python(TRAIN, tmp_path, xla, tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as found:
        assert len(found) == len(expected)
        for ours, value in zip(found.values(), expected, strict=True):
            np.testing.assert_array_equal(ours, value)


DRAW = """
import sys
from pathlib import Path
import pandas as pd
from failures.artifacts.style import apply, save
from failures.families.parity.figures import fig1
apply("colorblind")
save(fig1.draw(pd.read_csv(sys.argv[1]), note=""), map(Path, sys.argv[2:]), dpi=80)
"""
# Another look, a program that is not installed, and a character that is no UTF-8.
SETTINGS = b"savefig.transparent: True\nsavefig.bbox: tight\nlines.markersize: 20\ntext.usetex: True\n# Gr\xf6\xdfe\n"


def test_a_hostile_shell_changes_no_byte_of_a_figure(tmp_path, look):
    (tmp_path / "matplotlibrc").write_bytes(SETTINGS)
    table = ROOT / "tests/faults/reference/fig1.csv"
    files = [f"fig1.{suffix}" for suffix in ("pdf", "svg", "png")]
    run_python(DRAW, tmp_path, table, *files)
    (tmp_path / "expected").mkdir()
    style.save(fig1.draw(pd.read_csv(table), note=""), [tmp_path / "expected" / name for name in files], dpi=80)
    for name in files:
        assert (tmp_path / name).read_bytes() == (tmp_path / "expected" / name).read_bytes(), name


def test_settings_of_a_program_do_not_outlast_the_style(look):
    before = dict(plt.rcParams)
    plt.rcParams.update({"font.size": 30, "text.usetex": True, "axes.prop_cycle": plt.cycler(color=["r"])})
    style.apply("colorblind")
    assert dict(plt.rcParams) == before
