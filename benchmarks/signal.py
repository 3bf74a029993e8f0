"""CPU time of the signal-to-noise analysis at initialisation, per set of initial weights at the paper's scale.

``python -m benchmarks.signal N_IMAGES N_TUPLES LENGTH ...`` prints that of one and of two sets in seconds, as JSON. It
needs its own process, because the number of threads of TensorFlow can be set only once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.training import BUILD, run_module
from failures.config.experiments import BLOCK_SIZE


def measure(lines: dict[str, Any], build: Path = BUILD) -> dict[str, Any]:
    """Measure the analysis of `fig5` on one thread.

    Args:
        lines: Validated configuration of lines.
        build: Folder of the build of this project to measure.

    Returns:
        cpu: Seconds of CPU time per set in a job of ten sets, which share the set-up. n_tuples, tuple_lengths: Sizes of
            the analysis.
    """
    lengths, n_tuples = (lines["experiments"]["fig5"][key] for key in ("tuple_lengths", "n_tuples"))
    times = run_module("benchmarks.signal", (lines["pool"]["n_images"], n_tuples, *lengths), threads=1, build=build)
    # Earlier builds have next to no set-up and print the time of one set without it.
    cpu = per_set(*times) if isinstance(times, list) else times
    return {"cpu": cpu, "n_tuples": n_tuples, "tuple_lengths": lengths}


def per_set(one: float, two: float) -> float:
    """Return the time per set in a job of ten sets, from the times of jobs of one and of two sets."""
    further = two - one
    return further + (one - further) / BLOCK_SIZE


def main() -> None:
    """Draw the pool and time the analysis of one and of two sets."""
    n_images, n_tuples, *lengths = map(int, sys.argv[1:])
    from failures.engine.tensorflow_setup import configure_tensorflow

    configure_tensorflow(threads=1)
    import numpy as np

    from failures.families.lines.analyses.initial_signal import analyze
    from failures.families.lines.problem import draw_pool

    with tempfile.TemporaryDirectory() as folder:
        pool = Path(folder) / "pool.npy"
        np.save(pool, draw_pool(n_images, "scripts"))
        common = {"tuple_lengths": lengths, "conventions": "scripts"}
        # The first call imports modules and reads the pool.
        analyze({"pool": str(pool)}, n_tuples=100, seeds=[0], **common)
        times = []
        for seeds in ([0], [0, 1]):
            started = time.process_time()
            analyze({"pool": str(pool)}, n_tuples=n_tuples, seeds=seeds, **common)
            times.append(time.process_time() - started)
        print(json.dumps(times))


if __name__ == "__main__":
    main()
