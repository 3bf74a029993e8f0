"""Processor time of the signal-to-noise ratio at initialisation, at full scale.

``python -m bench.signal N_IMAGES N_TUPLES N_SEEDS`` prints it in seconds; it has a process of its own because
TensorFlow's threads cannot be set twice.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.training import alone


def measure(settings: dict[str, Any], n_images: int, n_seeds: int) -> dict[str, Any]:
    """Seconds of the parts. settings: the block `lines.fig5`; n_images: of the pool; n_seeds: initialisations."""
    lengths, n_tuples = settings["tuple_lengths"], settings["n_tuples"]
    found = alone("bench.signal", (n_images, n_tuples, n_seeds, *lengths), threads=1)
    return found | {"n_images": n_images, "n_tuples": n_tuples, "n_seeds": n_seeds, "tuple_lengths": lengths}


def main() -> None:
    """Set-up (imports, pool), then the analysis."""
    n_images, n_tuples, n_seeds, *lengths = map(int, sys.argv[1:])
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        pool = Path(folder) / "pool.npy"
        found["imports"] = _timed(_imports)
        found["pool"] = _timed(lambda: _draw(pool, n_images))
        from failures.lines.initial_signal import analyze

        inputs, common = {"pool": str(pool)}, {"tuple_lengths": lengths, "variant": "code"}
        # What does not depend on the number of tuples: the pool is read, the graph traced.
        found["tracing"] = _timed(lambda: analyze(inputs, n_tuples=100, seeds=[0], **common))
        found["analysis"] = _timed(lambda: analyze(inputs, n_tuples=n_tuples, seeds=list(range(n_seeds)), **common))
    print(json.dumps(found))


def _timed(call: Callable[[], object]) -> dict[str, float]:
    started, cpu = time.perf_counter(), time.process_time()
    call()
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}


def _imports() -> None:
    from failures.jobs import configure_tensorflow

    configure_tensorflow(threads=1)
    import failures.lines.initial_signal  # noqa: F401


def _draw(pool: Path, n_images: int) -> None:
    import numpy as np

    from failures.lines.problem import draw_pool

    np.save(pool, draw_pool(n_images, "code"))


if __name__ == "__main__":
    main()
