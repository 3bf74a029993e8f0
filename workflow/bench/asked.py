"""What is asked of the project's speed, what was measured, and whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from bench.lines_peak import step_operations

PEER_NAMES = ("pytorch", "jax_scan")
# Dispatch dominates where the authors' step takes less than this many seconds.
DISPATCH = 1e-3
# How many times as fast as the authors' style is asked: there, and elsewhere.
FAST, SLOW = 4, 2
INITIALISATIONS = 20
Verdict = tuple[str, str, bool | None]


def rate(raw: dict[str, Any], row: str, contender: str) -> float | None:
    """Median steps a second; None if it was not measured."""
    cell = raw.get("training", {}).get(row, {}).get("contenders", {}).get(contender)
    return median(cell["rates"]) if cell else None


def ratios(raw: dict[str, Any], contenders: tuple[str, ...]) -> dict[str, float]:
    """How many times as fast the engine is as the best of some contenders, by row."""
    found = {}
    for row in raw.get("training", {}):
        engine, others = rate(raw, row, "engine"), [rate(raw, row, name) for name in contenders]
        if engine and any(others):
            found[row] = engine / max(filter(None, others))
    return found


def peak(raw: dict[str, Any], threads: int) -> float | None:
    """The fastest product of any library, in GF/s."""
    libraries = raw.get("lines", {}).get("peak", {}).get(str(threads), {})
    return max((value for shapes in libraries.values() if shapes for value in shapes.values()), default=None)


def peak_times(raw: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Milliseconds of a step of the lines: dense at the peak, and ours; by row."""
    found = {}
    for name, row in raw.get("training", {}).items():
        engine, gigaflops = rate(raw, name, "engine"), peak(raw, row["threads"])
        if row["tuple_length"] and engine and gigaflops:
            found[name] = step_operations(row["tuple_length"], row["batch"]) / gigaflops / 1e6, 1000 / engine
    return found


def dispatched(raw: dict[str, Any]) -> set[str]:
    """Rows in which dispatch takes most of the authors' style's time."""
    return {row for row in ratios(raw, ("authors",)) if rate(raw, row, "authors") > 1 / DISPATCH}


def short(raw: dict[str, Any]) -> set[str]:
    """Rows that are fewer times as fast as the authors' style than is asked."""
    fast = dispatched(raw)
    return {row for row, value in ratios(raw, ("authors",)).items() if value < (FAST if row in fast else SLOW)}


def verdicts(raw: dict[str, Any]) -> Iterator[Verdict]:
    """Asked, measured and met (None: not measured), one requirement after the other."""
    authors, best, fast = ratios(raw, ("authors",)), ratios(raw, PEER_NAMES), dispatched(raw)
    words = f"at least {FAST}x the authors' style where its step takes under 1 ms"
    yield _least(words, authors, lambda row: row in fast, FAST)
    yield _least(f"at least {SLOW}x the authors' style elsewhere", authors, lambda row: row not in fast, SLOW)
    yield _least("at least .8x the best peer in every row", best, lambda row: True, 0.8)
    ahead = sum(value >= 1 for value in best.values())
    most = f"{ahead} of {len(best)} rows" if best else "-"
    yield "at least 1x the best peer in most rows", most, ahead > len(best) / 2 if best else None
    torch = ratios(raw, ("pytorch",))
    yield _least("lines: at least 2x PyTorch, channels last", torch, lambda row: row.startswith("lines"), 2)
    yield _least("lines: at least 4x the authors' style at k = 4", authors, lambda row: row.startswith("lines_k4"), 4)
    below = {row: dense / ours for row, (dense, ours) in peak_times(raw).items()}
    asked = "lines: a step in less time than a dense one at the peak of matrix products"
    yield _least(asked, below, lambda row: True, 1, "dense at the peak / ours")
    yield from _others(raw)


def _others(raw: dict[str, Any]) -> Iterator[Verdict]:
    generators = raw.get("generators", {}).get("rates")
    slowest = generators and min(median(generators[v]) for v in ("code", "paper")) / median(generators["loop"])
    asked = "generator: at least 40x the authors' loop"
    yield asked, f"{slowest:.0f}x" if slowest else "-", slowest >= 40 if slowest else None
    minutes = signal_minutes(raw)
    asked = f"signal: under 15 processor minutes for {INITIALISATIONS} initialisations"
    yield asked, f"{minutes:.1f} min" if minutes else "-", minutes < 15 if minutes else None
    flow = raw.get("workflow", {})
    for key, words, limit in [("no-op", "nothing to do", 5), ("figure", "one figure", 6), ("plan", "dry run", 30)]:
        seconds = median(flow[key]["seconds"]) if key in flow else None
        shown = f"{seconds:.1f} s" if seconds else "-"
        yield f"workflow: {words} under {limit} s", shown, seconds < limit if seconds else None
    memory = flow["plan"]["memory"] / 1e9 if "plan" in flow else None
    yield "workflow: dry run under 1 GB", f"{memory:.2f} GB" if memory else "-", memory < 1 if memory else None


def signal_minutes(raw: dict[str, Any]) -> float | None:
    """Processor minutes of the analysis of all initialisations, without set-up."""
    found = raw.get("signal")
    return INITIALISATIONS * found["analysis"]["cpu"] / found["n_seeds"] / 60 if found else None


def _least(
    asked: str, values: dict[str, float], selected: Callable[[str], bool], limit: float, words: str = ""
) -> Verdict:
    """Whether the smallest of the selected values is large enough; says which row it is in, and how many fall short."""
    values = {row: value for row, value in values.items() if selected(row)}
    if not values:
        return asked, "-", None
    row = min(values, key=values.get)
    short = sum(value < limit for value in values.values())
    shown = f"least {values[row]:.2f}x ({row})" + (f", {words}" if words else "")
    return asked, shown + (f"; {short} of {len(values)} rows fall short" if short else ""), not short
