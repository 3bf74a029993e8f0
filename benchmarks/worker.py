"""Run one contender on one row: ``python -m benchmarks.worker NAME ROW.json ARRAYS.npz``.

A contender is a module with `make(row, arrays)`. It returns a function that trains for a number of windows, and the
number of trained weights. A window is the steps between two evaluations, followed by one evaluation. The function
returns the loss of the last evaluation. When the process is ready, it prints the number of trained weights. It then
reads seconds from each line of its input, measures for that long and prints the steps per second. So contenders can
take turns without a restart.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.rows import Row

# Minimum seconds per call. Each call of `fit` costs the engine 7 ms; a trial of the workflow has one or two.
CALL = 1.0


def main() -> None:
    """Prepare the contender, then measure once per line of input."""
    output = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries may print to stdout
    name, row = sys.argv[1], Row(**json.loads(Path(sys.argv[2]).read_text()))
    train, n_parameters = contender(name, row, dict(np.load(sys.argv[3])))
    train(1)
    output.write(f"{n_parameters}\n")
    measurement = Measurement(train, row.every)
    for line in sys.stdin:
        output.write(f"{measurement.take(float(line))}\n")


def contender(name: str, row: Row, arrays: dict[str, np.ndarray]) -> tuple[Callable[[int], float], int]:
    """Set the threads of the row and call the `make` of a contender."""
    if name == "jax_scan" and row.threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    if name == "engine":
        from failures.engine.tensorflow_setup import configure_tensorflow

        configure_tensorflow(row.threads)
    return import_module(f"benchmarks.contenders.{name}").make(row, arrays)


class Measurement:
    """Steps per second, from calls that take long enough.

    Args:
        train: Function that trains for a number of windows.
        every: Steps per window.
    """

    def __init__(self, train: Callable[[int], float], every: int):
        self.train, self.every, self.windows = train, every, 1

    def take(self, seconds: float) -> float:
        """Train for at least `seconds` and return the steps per second."""
        windows, elapsed = 0, 0.0
        while elapsed < seconds:
            started = time.perf_counter()
            self.train(self.windows)
            duration = time.perf_counter() - started
            if duration < min(CALL, seconds):
                self.windows *= 2
                continue
            windows, elapsed = windows + self.windows, elapsed + duration
        return windows * self.every / elapsed


if __name__ == "__main__":
    main()
