"""CPU time of the signal-to-noise analysis at initialisation, for one set of initial weights at the paper's scale.

``python -m benchmarks.signal N_IMAGES N_TUPLES LENGTH ...`` prints it in seconds, as JSON. It needs its own process,
because the number of threads of TensorFlow can be set only once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.training import run_module


def measure(settings: dict[str, Any], n_images: int) -> dict[str, Any]:
    """Measure the analysis on one thread.

    Args:
        settings: Settings of the experiment `fig5` of lines.
        n_images: Number of images in the pool.

    Returns:
        cpu: Seconds of CPU time. n_tuples, tuple_lengths: Sizes of the analysis.
    """
    lengths, n_tuples = settings["tuple_lengths"], settings["n_tuples"]
    cpu = run_module("benchmarks.signal", (n_images, n_tuples, *lengths), threads=1)
    return {"cpu": cpu, "n_tuples": n_tuples, "tuple_lengths": lengths}


def main() -> None:
    """Draw the pool and time the analysis."""
    n_images, n_tuples, *lengths = map(int, sys.argv[1:])
    from failures.engine.tensorflow_setup import configure_tensorflow

    configure_tensorflow(threads=1)
    import numpy as np

    from failures.families.lines.analyses.initial_signal import analyze
    from failures.families.lines.problem import draw_pool

    with tempfile.TemporaryDirectory() as folder:
        pool = Path(folder) / "pool.npy"
        np.save(pool, draw_pool(n_images, "scripts"))
        common = {"tuple_lengths": lengths, "conventions": "scripts", "seeds": [0]}
        # The first call reads the pool and traces the graph.
        analyze({"pool": str(pool)}, n_tuples=100, **common)
        started = time.process_time()
        analyze({"pool": str(pool)}, n_tuples=n_tuples, **common)
        print(json.dumps(time.process_time() - started))


if __name__ == "__main__":
    main()
