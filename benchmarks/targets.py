"""Performance targets: the target, the measured value, and whether the target is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.peak import step_operations

PEER_NAMES = ("pytorch", "jax_scan")
# Seconds per step of the authors' style, below which dispatching operations takes most of the time.
DISPATCH = 1e-3
# Required ratio to the speed of the authors' style: for steps shorter than DISPATCH, and for longer steps.
FAST, SLOW = 4, 2
# Sets of initial weights for which the signal-to-noise analysis has a target.
INITIALISATIONS = 20
# Target, measured value, and whether the target is met (None: not measured).
Verdict = tuple[str, str, bool | None]


def rate(raw: dict[str, Any], row: str, contender: str) -> float | None:
    """Return the median number of steps per second; None if it was not measured."""
    cell = raw.get("training", {}).get(row, {}).get("contenders", {}).get(contender)
    return median(cell["rates"]) if cell else None


def ratios(raw: dict[str, Any], contenders: tuple[str, ...]) -> dict[str, float]:
    """Return the speed of the engine divided by that of the fastest of these contenders, by row."""
    speeds = {}
    for row in raw.get("training", {}):
        engine, others = rate(raw, row, "engine"), [rate(raw, row, name) for name in contenders]
        if engine and any(others):
            speeds[row] = engine / max(filter(None, others))
    return speeds


def peak_times(raw: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return milliseconds per step of lines, by row: the dense step at the peak rate, and the engine's step."""
    times = {}
    for name, row in raw.get("training", {}).items():
        engine, gigaflops = rate(raw, name, "engine"), raw.get("peak", {}).get(str(row["threads"]))
        if row["tuple_length"] and engine and gigaflops:
            times[name] = step_operations(row["tuple_length"], row["batch"]) / gigaflops / 1e6, 1000 / engine
    return times


def signal_minutes(raw: dict[str, Any]) -> float | None:
    """Return minutes of CPU time of the signal-to-noise analysis for `INITIALISATIONS` sets of initial weights."""
    return INITIALISATIONS * raw["signal"]["cpu"] / 60 if "signal" in raw else None


def verdicts(raw: dict[str, Any]) -> Iterator[Verdict]:
    """Yield the verdict on every target, in the order of the page."""
    authors, best = ratios(raw, ("authors",)), ratios(raw, PEER_NAMES)
    dispatched = {row for row in authors if rate(raw, row, "authors") > 1 / DISPATCH}
    target = f"training, if a step of the authors' style takes under 1 ms: at least {FAST}x the speed of that style"
    yield _lowest(target, authors, dispatched.__contains__, FAST)
    target = f"training, if a step of the authors' style takes 1 ms or more: at least {SLOW}x the speed of that style"
    yield _lowest(target, authors, lambda row: row not in dispatched, SLOW)
    target = "training, every row: at least 0.8x the speed of PyTorch or JAX, whichever is faster"
    yield _lowest(target, best, lambda row: True, 0.8)
    ahead = sum(value >= 1 for value in best.values())
    shown = f"{ahead} of {len(best)} rows" if best else "-"
    target = "training, more than half of the rows: at least as fast as both PyTorch and JAX"
    yield target, shown, ahead > len(best) / 2 if best else None
    yield from _lines(raw, authors)
    yield from _others(raw)


def _lines(raw: dict[str, Any], authors: dict[str, float]) -> Iterator[Verdict]:
    torch = ratios(raw, ("pytorch",))
    yield _lowest("lines: at least 2x the speed of PyTorch", torch, lambda row: row.startswith("lines"), 2)
    target = "lines, k = 4: at least 4x the speed of the authors' style"
    yield _lowest(target, authors, lambda row: row.startswith("lines_k4"), 4)
    speeds = {row: dense / engine for row, (dense, engine) in peak_times(raw).items()}
    target = "lines: at least as fast as a step that computes every pixel at the peak rate of the processor"
    yield _lowest(target, speeds, lambda row: True, 1)


def _others(raw: dict[str, Any]) -> Iterator[Verdict]:
    generators = raw.get("generators", {}).get("rates")
    slowest = generators and min(median(generators[v]) for v in ("code", "paper")) / median(generators["loop"])
    target = "generator of lines: at least 40x the speed of the loop in the authors' scripts"
    yield target, f"{slowest:.0f}x" if slowest else "-", slowest >= 40 if slowest else None
    minutes = signal_minutes(raw)
    target = f"signal-to-noise ratio: under 15 min of CPU time for {INITIALISATIONS} sets of initial weights"
    yield target, f"{minutes:.1f} min" if minutes else "-", minutes < 15 if minutes else None
    flow = raw.get("workflow", {})
    for key, words, limit in [("no-op", "nothing to do", 5), ("figure", "one figure", 6), ("plan", "dry run", 30)]:
        seconds = median(flow[key]["seconds"]) if key in flow else None
        shown = f"{seconds:.1f} s" if seconds else "-"
        yield f"workflow, {words}: under {limit} s", shown, seconds < limit if seconds else None
    memory = flow["plan"]["memory"] / 1e9 if "plan" in flow else None
    yield "workflow, dry run: under 1 GB", f"{memory:.2f} GB" if memory else "-", memory < 1 if memory else None


def _lowest(target: str, values: dict[str, float], selected: Callable[[str], bool], limit: float) -> Verdict:
    """Compare the lowest of the selected values with a limit; also report its row and how many rows are below."""
    values = {row: value for row, value in values.items() if selected(row)}
    if not values:
        return target, "-", None
    row = min(values, key=values.get)
    below = sum(value < limit for value in values.values())
    shown = f"lowest {values[row]:.2f}x (`{row}`)"
    return target, shown + (f"; below the target: {below} of {len(values)} rows" if below else ""), not below
