"""The table of training: each contender (implementation) runs in its own process; in each round all take turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import adapters
from benchmarks.rows import Row

# Contender: description on the page, and whether its package is outside the lock.
CONTENDERS = {
    "engine": ("Keras `fit` over chunks of steps; each chunk is one compiled loop", False),
    "authors": ("a `tf.compat.v1` session with `feed_dict`; samples from NumPy", False),
    "keras_fit": ("plain `fit` over batches from NumPy, as in the Keras guides", False),
    "pytorch": ("eager mode; convolutions in the channels-last layout", True),
    "jax_scan": ("compiled `lax.scan` over the steps", True),
}
PEERS = Path(".venv-peers/bin/python")
# Length of a measurement relative to the others, by contender (default: 1).
SHARES = {"keras_fit": 0.5}


def environment(threads: int) -> dict[str, str]:
    """Return environment variables that limit the threads of every numerical library."""
    ours_too = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC")
    others = {"TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    return {**ours_too, **dict.fromkeys(names, str(threads)), **others}


def python(peer: bool) -> str | None:
    """Return the interpreter of the project or of the peers; None if the peers are not installed."""
    if not peer:
        return sys.executable
    return str(PEERS) if PEERS.exists() else None


def alone(module: str, arguments: Iterable[Any], threads: int, interpreter: str = sys.executable) -> dict[str, Any]:
    """Run a module of this project in a new process. Returns the last line of its output, parsed from JSON."""
    command = [interpreter, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, env=environment(threads), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"`python -m {' '.join(command[2:])}` failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def alone_on(module: str, row: Row, seconds: float) -> dict[str, Any]:
    """Call `alone` with the arguments ROW.json and SECONDS and the threads of the row."""
    with tempfile.TemporaryDirectory() as name:
        return alone(module, (_written(row, Path(name)), seconds), row.threads)


def _written(row: Row, folder: Path) -> Path:
    """Write a row to a file for another process."""
    path = folder / "row.json"
    path.write_text(json.dumps(row.as_dict()))
    return path


class Process:
    """A contender that trains a row. n_parameters: its number of trained weights, set by `started`."""

    n_parameters: int

    def __init__(self, name: str, folder: Path, row: Row, pin: bool):
        self.name, self.errors = name, folder / f"{name}.log"
        command = [
            python(CONTENDERS[name][1]),
            "-m",
            "benchmarks.worker",
            name,
            folder / "row.json",
            folder / "arrays.npz",
        ]
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [*map(str, command), *["--pin"] * pin],
                env=environment(row.threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def answer(self) -> dict[str, Any]:
        """Return the next line of its output, parsed from JSON."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"contender {self.name} failed:\n{self.errors.read_text()}")
        return json.loads(line)

    def ask(self, seconds: float) -> None:
        """Start a measurement; `answer` then returns the result of `benchmarks.worker.Measurement.take`."""
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def close(self) -> None:
        """Close its input, which ends the process; kill it if it is still running after 5 s."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def measure(row: Row, contenders: Iterable[str], rounds: int, seconds: float, pin: bool = False) -> dict[str, Any]:
    """Measure contenders on a row.

    Returns, by contender: parameters (number of weights), seconds (length of a measurement), rates (steps per second,
    one per round) and cores (busy cores in the last round); None if the package of the contender is not installed.
    """
    found: dict[str, Any] = dict.fromkeys(contenders)
    with started(row, [contender for contender in found if python(CONTENDERS[contender][1])], pin) as processes:
        for process in processes:
            length = seconds * SHARES.get(process.name, 1.0)
            found[process.name] = {"parameters": process.n_parameters, "seconds": length, "rates": []}
        _check_same(row, {name: cell["parameters"] for name, cell in found.items() if cell})
        for _ in range(rounds):
            for process in processes:
                cell = found[process.name]
                process.ask(cell["seconds"])
                taken = process.answer()
                cell["rates"].append(taken["steps_per_second"])
                cell["cores"] = taken["cores"]
    return found


@contextmanager
def started(row: Row, contenders: Iterable[str], pin: bool = False) -> Iterator[list[Process]]:
    """Start contenders on a row and wait until they are ready; they end with the block."""
    processes: list[Process] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _written(row, folder)
        np.savez(folder / "arrays.npz", **adapters.arrays(row))
        try:
            processes += [Process(contender, folder, row, pin) for contender in contenders]
            for process in processes:
                process.n_parameters = process.answer()["parameters"]
            yield processes
        finally:
            for process in processes:
                process.close()


def _check_same(row: Row, parameters: dict[str, int]) -> None:
    """Raise SystemExit if the contenders do not train networks of the same size."""
    if len(set(parameters.values())) > 1:
        sys.exit(f"row {row.name}: contenders must have the same number of weights, but have {parameters}")
