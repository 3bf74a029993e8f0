"""Settings from outside that would reach results, figures or recorded versions, or end jobs; jobs ignore them.

Three places take part, each as early as it can:

- Snakemake's process removes `AT_START` for its jobs (`prepare_jobs`, from `workflow/rules/common.smk`). It also gives
  jobs a search path of their own.
- The process of a job removes `AT_IMPORT` before it imports a library (`clean`, at the top of every script).
- `failures.engine.tensorflow_setup` and `failures.artifacts.style` call `clean` too, for programs without Snakemake.
  They replace the users' files `keras.json` and `matplotlibrc`, and hold the settings that determine results.

Removing a setting restores the library's default, so this module does not count in fingerprints.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

# Variables that a process reads when it starts. The names are patterns of `fnmatch`.
AT_START = {
    "BASH_ENV": "commands that the shell of every job would run first",
    "GLIBC_TUNABLES": "processor features that the C library uses: rounding of exp, log and sin",
    "PYTHON[A-Z]*": "Python: path, user's packages, assertions, warnings as errors, encoding, a prompt at the end",
    "PYTHON_CPU_COUNT": "Python: number of processors",
}

# Variables that libraries read when they are imported or first used.
TENSORFLOW = {
    "KERAS_*": "Keras: limits on epochs and steps of `fit`, backend, folder of keras.json",
    "TF_*": "TensorFlow: kernels, threads, compilation by XLA, precision, legacy Keras, memory, dumps of graphs",
    "TF2_*": "TensorFlow: behaviour of version 1",
    "TENSORFLOW_*": "TensorFlow: contraction kernels of Eigen",
    "TFRT_*": "TensorFlow's runtime",
    "AUTOGRAPH_*": "TensorFlow: errors where AutoGraph converts no code",
    "XLA_*": "XLA: flags that change rounding; an unknown flag ends the process",
    "MLIR_*": "XLA: phases of the compiler",
    "ONEDNN_*": "oneDNN: kernels by processor, precision",
    "DNNL_*": "oneDNN: its former name",
    "NVIDIA_TF32_OVERRIDE": "products on a GPU: precision",
    "CUBLAS*": "products on a GPU: algorithms",
    "CUDNN_*": "convolutions on a GPU: algorithms",
    "PROTOCOL_BUFFERS_*": "protobuf: an implementation that is not installed ends the import of TensorFlow",
}
NUMPY = {
    "NPY_*": "NumPy: kernels by processor, type promotion",
    "NUMPY_*": "NumPy: memory",
    "OPENBLAS_*": "products in NumPy and SciPy: kernels by processor, threads",
    "GOTO_*": "OpenBLAS: its former name",
    "MKL_*": "products in NumPy and SciPy from conda: kernels by processor, threads",
    "BLIS_*": "products in NumPy and SciPy from conda: threads",
    "VECLIB_*": "products in NumPy and SciPy on macOS: threads",
    "NUMEXPR_*": "pandas: threads",
    "OMP_*": "OpenMP: threads and their placement",
    "GOMP_*": "OpenMP of GNU",
    "KMP_*": "OpenMP of Intel and LLVM",
    "SCIPY_*": "SciPy: dispatch to other array libraries",
    "PANDAS_*": "pandas: types of strings, copy on write",
}
MATPLOTLIB = {
    "MPLBACKEND": "an unknown one ends the import",
    "MPL_*": "system fonts",
    "MATPLOTLIBRC": "user's file of settings",
    "FREETYPE_PROPERTIES": "hinting of fonts",
}
AT_IMPORT = TENSORFLOW | NUMPY | MATPLOTLIB

# Variables of these names that change no artifact.
KEPT = {
    "PYTHONDONTWRITEBYTECODE": "bytecode",
    "PYTHONFAULTHANDLER": "messages",
    "PYTHONHASHSEED": "order of sets, on which no result depends",
    "PYTHONPYCACHEPREFIX": "bytecode",
    "PYTHONUNBUFFERED": "messages",
    "TF_CLI_*": "Terraform",
    "TF_CPP_MIN_LOG_LEVEL": "messages",
    "TF_VAR_*": "Terraform",
}

# The only flag of XLA_FLAGS that jobs keep: where CUDA is installed.
CUDA_FLAG = "--xla_gpu_cuda_data_dir="

# Threads of NumPy's products; the number changes their rounding. Snakemake sets most of these to the threads of a job.
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS"), "1"
)


def clean(patterns: Mapping[str, str] = AT_IMPORT) -> None:
    """Remove variables that libraries read from this process, and limit NumPy to one thread.

    Call it before the libraries are imported.

    Args:
        patterns: The tables of the libraries; by default those of all.
    """
    removed = _matching(os.environ, patterns)
    for name in removed:
        del os.environ[name]
    os.environ.update(THREADS)
    cuda = [flag for flag in removed.get("XLA_FLAGS", "").split() if flag.startswith(CUDA_FLAG)]
    if cuda:
        os.environ["XLA_FLAGS"] = " ".join(cuda)


def prepare_jobs(library: Path, start: Path, *, as_module: bool) -> str:
    """Remove the variables of `AT_START` from this process, whose jobs inherit the others, and set `PYTHONPATH`.

    Folders that jobs do not search are removed from the search path of this process, too. Versions that it reads are
    therefore those of the packages that jobs import.

    Args:
        library: Folder of this library.
        start: Working directory in which this process started.
        as_module: Whether another workflow imports this one. Its variables of `AT_START` and its search path stay, and
            jobs search the folders of its `PYTHONPATH` after `library`.

    Returns:
        One line that names the variables that jobs ignore; an empty text if there are none.
    """
    ignored = _matching(os.environ, AT_IMPORT if as_module else AT_START | AT_IMPORT)
    theirs = os.environ.get("PYTHONPATH", "").split(os.pathsep) if as_module else []
    if not as_module:
        outside = _folders_of_others(library, start)
        sys.path[:] = [folder for folder in sys.path if folder not in outside]
        for name in ignored.keys() & _matching(os.environ, AT_START).keys():
            del os.environ[name]
        if not outside:
            ignored.pop("PYTHONPATH", None)
        if not _uses_packages_of_user():
            sys.path[:] = [folder for folder in sys.path if folder != site.getusersitepackages()]
            os.environ["PYTHONNOUSERSITE"] = "1"
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(library), *filter(None, theirs)]))
    return _notice(ignored)


def _notice(ignored: Mapping[str, str]) -> str:
    """Describe ignored variables in one line; those that jobs have anyway are left out."""
    anyway = THREADS.keys() | {"PYTHONNOUSERSITE"}
    texts = [
        _shown(name, value)
        for name, value in sorted(ignored.items())
        if name not in anyway and (name, value) != ("KERAS_BACKEND", "tensorflow")
    ]
    return f"environment: jobs ignore {', '.join(texts)}; unset what you do not need" if texts else ""


def _shown(name: str, value: str) -> str:
    """Return a variable as one short text."""
    value = " ".join(value.split())
    text = f"{name}={value if len(value) <= 60 else value[:57] + '...'}"
    return f"{text} (the workflow trains with TensorFlow)" if name == "KERAS_BACKEND" else text


def _matching(environment: Mapping[str, str], patterns: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that match a pattern, and none of `KEPT`, by name."""

    def matches(name: str, some: Mapping[str, str]) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in some)

    return {name: value for name, value in environment.items() if matches(name, patterns) and not matches(name, KEPT)}


def _folders_of_others(library: Path, start: Path) -> list[str]:
    """Return the folders of `PYTHONPATH` beside the library and those that Python searches anyway."""
    entries = [os.path.join(start, entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    known = {os.path.realpath(folder) for folder in (library, *sysconfig.get_paths().values())}
    return [os.path.abspath(entry) for entry in entries if os.path.realpath(entry) not in known]


def _uses_packages_of_user() -> bool:
    """Return whether Snakemake is installed in the user's own packages, such as ~/.local/lib."""
    found = find_spec("snakemake")
    return found is not None and Path(found.origin).is_relative_to(site.getusersitepackages())
