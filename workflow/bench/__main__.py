"""Run every contender in a process of its own, interleaved over rounds, and print medians and ratios."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

# Contender: what it is, and whether its package is outside the lock.
CONTENDERS = {
    "engine": ("this engine: Keras `fit` over chunks of steps", False),
    "authors": ("the authors' style: tf.compat.v1 session, feed_dict, NumPy samples", False),
    "keras_fit": ("plain Keras `fit` over NumPy batches", False),
    "pytorch": ("PyTorch, eager", True),
    "jax_scan": ("JAX, `lax.scan` over steps", True),
}
PEERS = Path(".venv-peers/bin/python")
# One thread for every library that may be behind a contender.
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
} | {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="times that each contender is measured (default 3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a measurement (default 3)")
    parser.add_argument("--dimensions", type=int, nargs="+", default=[5, 10, 30], help="d (default 5 10 30)")
    parser.add_argument("--pin", action="store_true", help="pin every contender to one core (Linux)")
    options = parser.parse_args()
    rates: dict[tuple[int, str], list[float]] = {}
    for number in range(options.rounds):
        for d in options.dimensions:
            for name in CONTENDERS:
                rate = measure(name, d, options)
                rates.setdefault((d, name), []).append(rate)
                print(f"round {number + 1}, d = {d}, {name}: {_shown(rate)}", file=sys.stderr)
    print(render({key: _median(values) for key, values in rates.items()}, options))


def measure(name: str, d: int, options: argparse.Namespace) -> float | None:
    """Steps a second of a contender, or None if its package is not installed."""
    python = str(PEERS) if CONTENDERS[name][1] else sys.executable
    if not Path(python).exists():
        return None
    command = [python, "-m", "bench.worker", name, str(d), str(options.seconds), *["--pin"] * options.pin]
    environment = {**os.environ, **ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])["steps_per_second"]


def render(medians: dict[tuple[int, str], float | None], options: argparse.Namespace) -> str:
    """The medians as a Markdown table, with this engine's ratio to each."""
    lines = [
        "Parity, width 10d, ReLU, hinge, SGD, batch 128, evaluation on 500 samples every 100 steps; one thread"
        + (", pinned to one core" if options.pin else "")
        + f"; median of {options.rounds} interleaved rounds of {options.seconds:g} s.",
        "Steps/s, and in brackets how many times as fast this engine is:",
        "",
        "| contender | " + " | ".join(f"d = {d}" for d in options.dimensions) + " |",
        "|---|" + "---:|" * len(options.dimensions),
    ]
    for name, (words, peer) in CONTENDERS.items():
        cells = []
        for d in options.dimensions:
            rate = medians[d, name]
            ratio = f" ({medians[d, 'engine'] / rate:.2f}x)" if rate else ""
            cells.append(_shown(rate) + ratio)
        absent = " (not installed: `make peers`)" if peer and medians[options.dimensions[0], name] is None else ""
        lines.append(f"| {words}{absent} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _median(values: list[float | None]) -> float | None:
    return None if None in values else statistics.median(values)


def _shown(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:,.0f}"


if __name__ == "__main__":
    main()
