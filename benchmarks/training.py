"""The training table: each contender (implementation) runs in its own process, and all take turns in each round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import adapters
from benchmarks.rows import Row

# Contender: description on the page, and whether its package is outside the lock (`make peers`).
CONTENDERS = {
    "engine": ("Keras `fit` over chunks of steps; each chunk is one compiled loop", False),
    "authors": ("a `tf.compat.v1` session with `feed_dict`; samples from NumPy", False),
    "keras_fit": ("plain `fit` over batches from NumPy, as in the Keras guides", False),
    "pytorch": ("eager mode; convolutions in the channels-last layout", True),
    "jax_scan": ("compiled `lax.scan` over the steps", True),
}
PEERS = Path(".venv-peers/bin/python")
# This build of the project: the folder from which `make bench` runs.
BUILD = Path()
# Length of a measurement relative to the others, by contender (default: 1).
SHARES = {"keras_fit": 0.5}


def environment(threads: int, build: Path = BUILD) -> dict[str, str]:
    """Return environment variables that limit the threads of every numerical library and name the code of a build."""
    inherited = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    limited = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC")
    constant = {"TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    code = {"PYTHONPATH": str(build.resolve() / "workflow")}
    return {**inherited, **dict.fromkeys(limited, str(threads)), **constant, **code}


def interpreter(contender: str) -> str | None:
    """Return the Python interpreter of a contender; None if its package is not installed."""
    if not CONTENDERS[contender][1]:
        return sys.executable
    return str(PEERS) if PEERS.exists() else None


def run_module(module: str, arguments: Iterable[Any], threads: int, build: Path = BUILD) -> Any:
    """Run a module in a new process.

    Args:
        module: Name of the module.
        arguments: Its command line.
        threads: Limit for numerical libraries.
        build: Folder of the build of this project that contains the module.

    Returns:
        The last line of its output, parsed from JSON.

    Raises:
        SystemExit: The module failed; the message contains its standard error.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    place = {"cwd": build, "env": environment(threads, build)}
    done = subprocess.run(command, **place, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"`python -m {' '.join(command[2:])}` failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


class Process:
    """A process that trains a row with one contender (`benchmarks.worker`).

    Attributes:
        n_parameters: Number of trained weights; set when the process is ready.
    """

    n_parameters: int

    def __init__(self, name: str, folder: Path, row: Row, build: Path = BUILD):
        """Start the process; wait for it with `receive`.

        Args:
            name: Contender.
            folder: Folder with the files of the row, see `running`.
            row: Problem and learner.
            build: Folder of the build of this project whose contender runs.
        """
        self.name, self.errors = name, folder / f"{name}_{build.resolve().name}.log"
        command = [interpreter(name), "-m", "benchmarks.worker", name, folder / "row.json", folder / "arrays.npz"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        place = {"cwd": build, "env": environment(row.threads, build)}
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen([*map(str, command)], stderr=errors, **place, **pipes)

    def receive(self) -> Any:
        """Return the next line of output, parsed from JSON; raises SystemExit if the process has ended."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"contender {self.name} failed:\n{self.errors.read_text()}")
        return json.loads(line)

    def measure(self, seconds: float) -> float:
        """Train for at least `seconds` and return the steps per second."""
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return self.receive()

    def close(self) -> None:
        """Close the input, which ends the process; kill the process if it still runs after 5 s."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def measure(row: Row, contenders: Iterable[str], rounds: int, seconds: float) -> dict[str, Any]:
    """Measure contenders on a row.

    Args:
        row: Problem and learner.
        contenders: Keys of `CONTENDERS`.
        rounds: Repetitions of each measurement.
        seconds: Minimum length of one measurement, before `SHARES`.

    Returns:
        By contender: seconds (length of a measurement) and rates (steps per second, one per round); None if its
        package is not installed.
    """
    cells: dict[str, Any] = dict.fromkeys(contenders)
    with running(row, [(name, BUILD) for name in cells if interpreter(name)]) as processes:
        check_sizes(row, {process.name: process.n_parameters for process in processes})
        for process in processes:
            cells[process.name] = {"seconds": seconds * SHARES.get(process.name, 1.0), "rates": []}
        for _ in range(rounds):
            for process in processes:
                cell = cells[process.name]
                cell["rates"].append(process.measure(cell["seconds"]))
    return cells


@contextmanager
def running(row: Row, contenders: Iterable[tuple[str, Path]]) -> Iterator[list[Process]]:
    """Start contenders on a row and wait until they are ready; they end with the block.

    Args:
        row: Problem and learner.
        contenders: Name of each contender, and the folder of the build that it belongs to.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "row.json").write_text(json.dumps(row.as_dict()))
        np.savez(folder / "arrays.npz", **adapters.arrays(row))
        processes = [stack.enter_context(closing(Process(name, folder, row, build))) for name, build in contenders]
        for process in processes:
            process.n_parameters = process.receive()
        yield processes


def check_sizes(row: Row, parameters: dict[str, int]) -> None:
    """Raise SystemExit if the contenders do not train networks of the same size."""
    if len(set(parameters.values())) > 1:
        sys.exit(f"row {row.name}: contenders must have the same number of weights, but have {parameters}")
