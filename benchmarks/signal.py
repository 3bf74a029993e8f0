"""CPU time of the signal-to-noise analysis at initialisation, at the scale of the paper.

``python -m benchmarks.signal N_IMAGES N_TUPLES N_SEEDS LENGTH ...`` prints it in seconds. It needs its own process, because
the number of threads of TensorFlow can be set only once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.training import alone


def measure(settings: dict[str, Any], n_images: int, n_seeds: int) -> dict[str, Any]:
    """Measure set-up and analysis. Returns seconds and cpu (CPU time) of each part, and the sizes.

    Args:
        settings: the block `lines.fig5` of the configuration.
        n_images: images in the pool.
        n_seeds: sets of initial weights.
    """
    lengths, n_tuples = settings["tuple_lengths"], settings["n_tuples"]
    found = alone("benchmarks.signal", (n_images, n_tuples, n_seeds, *lengths), threads=1)
    return found | {"n_images": n_images, "n_tuples": n_tuples, "n_seeds": n_seeds, "tuple_lengths": lengths}


def main() -> None:
    """Time the set-up (imports, pool, tracing) and the analysis."""
    n_images, n_tuples, n_seeds, *lengths = map(int, sys.argv[1:])
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        pool = Path(folder) / "pool.npy"
        found["imports"] = _timed(_imports)
        found["pool"] = _timed(lambda: _draw(pool, n_images))
        from failures.families.lines.analyses.initial_signal import analyze

        inputs, common = {"pool": str(pool)}, {"tuple_lengths": lengths, "variant": "code"}
        # Few tuples: this is the time to read the pool and to trace the graph.
        found["tracing"] = _timed(lambda: analyze(inputs, n_tuples=100, seeds=[0], **common))
        found["analysis"] = _timed(lambda: analyze(inputs, n_tuples=n_tuples, seeds=list(range(n_seeds)), **common))
    print(json.dumps(found))


def _timed(call: Callable[[], object]) -> dict[str, float]:
    started, cpu = time.perf_counter(), time.process_time()
    call()
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}


def _imports() -> None:
    from failures.engine.tensorflow_setup import configure_tensorflow

    configure_tensorflow(threads=1)
    import failures.families.lines.analyses.initial_signal  # noqa: F401


def _draw(pool: Path, n_images: int) -> None:
    import numpy as np

    from failures.families.lines.problem import draw_pool

    np.save(pool, draw_pool(n_images, "code"))


if __name__ == "__main__":
    main()
