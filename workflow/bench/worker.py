"""Measure one contender: ``python -m bench.worker NAME D SECONDS [--pin]`` prints its steps a second.

A contender is a module with `make(d)`, which returns a function that trains for a number of windows of
100 steps and evaluates on 500 fresh samples after each.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module

WINDOW, BATCH, EVALUATION, RATE = 100, 128, 500, 0.01


def main() -> None:
    """Warm up, then train until the time is over."""
    name, d, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    if "--pin" in sys.argv:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    train = import_module(f"bench.contenders.{name}").make(d)
    train(1)
    started = time.perf_counter()
    train(5)
    # Calls of about half a second: what one call costs beside its steps must not count.
    size = max(1, round(5 * 0.5 / (time.perf_counter() - started)))
    windows, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        train(size)
        windows += size
    print(json.dumps({"steps_per_second": windows * WINDOW / elapsed}))


if __name__ == "__main__":
    main()
