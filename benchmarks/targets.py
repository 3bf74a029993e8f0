"""Performance targets: the target, the measured value, and whether the target is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.peak import step_operations
from failures.artifacts.formats import percent

PEER_NAMES = ("pytorch", "jax_scan")
# Seconds per step of the authors' style, below which dispatching operations takes most of the time.
DISPATCH = 1e-3
# Required ratio to the speed of the authors' style: for steps shorter than DISPATCH, and for longer steps.
FAST, SLOW = 4, 2
# Sets of initial weights for which the signal-to-noise analysis has a target.
INITIALISATIONS = 20
# Rows whose step is mostly matrix products.
PRODUCTS = ("portfolio_k1000", "portfolio_k2000", "curves_autoencoder", "steps_end_to_end", "steps_multiclass")
# Rows that are compared with the earlier build, and the required ratio.
COMPARED = (
    ("lines, k = 3 and 4", ("lines_k3", "lines_k4"), 1.3),
    ("lines, k = 1 and 2", ("lines_k1", "lines_k2"), 1.15),
    ("lines with 1 and 4 residual blocks", [f"lines_k{k}_{n}_blocks" for k in (2, 3) for n in (1, 4)], 1.6),
)
# Minutes of CPU time of the signal-to-noise figures in a full run of an earlier build.
SIGNAL = 21.0
# GB per MiB.
MIB = 2**20 / 1e9
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


def gains(raw: dict[str, Any]) -> dict[str, float]:
    """Return how many times as fast as the earlier build a row is: the ratio of the medians."""
    rates_of = raw.get("earlier", {}).get("rates", {})
    return {row: median(rates["now"]) / median(rates["earlier"]) for row, rates in rates_of.items()}


def shares(raw: dict[str, Any]) -> dict[str, float]:
    """Return CPU time divided by that of the earlier build: `signal` (fig5) and `jobs` (overhead of a short job)."""
    earlier = raw.get("earlier", {})
    cells = {name: earlier[name] for name in ("signal", "jobs") if name in earlier}
    return {name: median(cell["now"]) / median(cell["earlier"]) for name, cell in cells.items()}


def signal_minutes(raw: dict[str, Any]) -> float | None:
    """Return minutes of CPU time of the signal-to-noise analysis for `INITIALISATIONS` sets of initial weights."""
    return INITIALISATIONS * raw["signal"]["cpu"] / 60 if "signal" in raw else None


def verdicts(raw: dict[str, Any]) -> Iterator[Verdict]:
    """Yield the verdict on every target, in the order of the page."""
    yield from _earlier(raw)
    yield from _runs(raw)
    authors, best = ratios(raw, ("authors",)), ratios(raw, PEER_NAMES)
    target = "training with matrix products of 100 columns and more: at least as fast as both PyTorch and JAX"
    yield _lowest(target, best, PRODUCTS.__contains__, 1)
    target = "training, every row: at least 0.8x the speed of PyTorch or JAX, whichever is faster"
    yield _lowest(target, best, lambda row: True, 0.8)
    ahead = sum(value >= 1 for value in best.values())
    shown = f"{ahead} of {len(best)} rows" if best else "-"
    target = "training, more than half of the rows: at least as fast as both PyTorch and JAX"
    yield target, shown, ahead > len(best) / 2 if best else None
    dispatched = {row for row in authors if rate(raw, row, "authors") > 1 / DISPATCH}
    target = f"training, if a step of the authors' style takes under 1 ms: at least {FAST}x the speed of that style"
    yield _lowest(target, authors, dispatched.__contains__, FAST)
    target = f"training, if a step of the authors' style takes 1 ms or more: at least {SLOW}x the speed of that style"
    yield _lowest(target, authors, lambda row: row not in dispatched, SLOW)
    yield from _lines(raw, authors)
    yield from _others(raw)


def _earlier(raw: dict[str, Any]) -> Iterator[Verdict]:
    """Yield the targets that compare this build with an earlier one."""
    speeds, parts = gains(raw), shares(raw)
    for words, rows, limit in COMPARED:
        yield _lowest(f"{words}: at least {limit}x the speed of the earlier build", speeds, rows.__contains__, limit)
    for name, words in (("jobs", "overhead of a short training job"), ("signal", "signal-to-noise ratios of `fig5`")):
        share = parts.get(name)
        shown = f"{share:.2f}x" if share else "-"
        yield f"{words}: at most half of the earlier build's CPU time", shown, share <= 0.5 if share else None


def _runs(raw: dict[str, Any]) -> Iterator[Verdict]:
    """Yield the targets on whole runs."""
    full, preview = (raw.get("runs", {}).get(scale, {}) for scale in ("full", "preview"))
    yield _at_most("preview, two cores: at most 6 min", preview.get("wall", {}).get("measured 2"), 6)
    wall, bound = full.get("wall", {}), full.get("bound", {})
    yield _at_most("full run, two cores: at most 1:45 h", wall.get("measured 2"), 105)
    yield _at_most("full run: at most 200 min of CPU time", full.get("cpu"), 200)
    target = f"full run, signal-to-noise figures: at most half of the {SIGNAL:g} min of CPU time of an earlier run"
    yield _at_most(target, full.get("signal"), SIGNAL / 2)
    yield _at_most("full run, eight cores, simulated: at most 30 min", wall.get("simulated 8"), 30)
    ratio = wall["simulated 8"] / bound["8"] if "simulated 8" in wall else None
    target = "full run, eight cores, simulated: at most 1.2 times the lower bound"
    yield target, f"{ratio:.2f}" if ratio else "-", ratio <= 1.2 if ratio else None
    memory = full.get("memory")
    target = "full run: peak memory of a job at most 1.3 GB"
    yield (
        target,
        f"{memory / 953.67:.2f} GB (`{full['largest']}`)" if memory else "-",
        memory <= 1240 if memory else None,
    )
    share = full.get("share")
    target = "full run: at least 85 % of the CPU time is compute (training, analyses, tables and drawing)"
    yield target, percent(share) if share else "-", share >= 0.85 if share else None
    outside = full.get("outside")
    target = "full run: each rule requests at least its peak memory, and at most 1.5 times its peak plus 300 MB"
    words = "all rules" if not outside else f"not {', '.join(f'`{rule}`' for rule in outside)}"
    yield target, words if full else "-", not outside if full else None


def _at_most(target: str, seconds: float | None, minutes: float) -> Verdict:
    """Compare a time with a limit in minutes."""
    return (target, "-", None) if seconds is None else (target, f"{seconds / 60:.1f} min", seconds <= 60 * minutes)


def _lines(raw: dict[str, Any], authors: dict[str, float]) -> Iterator[Verdict]:
    torch = ratios(raw, ("pytorch",))
    yield _lowest("lines: at least 2x the speed of PyTorch", torch, lambda row: row.startswith("lines"), 2)
    target = "lines, k = 4: at least 4x the speed of the authors' style"
    yield _lowest(target, authors, lambda row: row.startswith("lines_k4"), 4)
    speeds = {row: dense / engine for row, (dense, engine) in peak_times(raw).items()}
    target = "lines: at least as fast as a step that computes every pixel at the peak rate of the processor"
    yield _lowest(target, speeds, lambda row: True, 1)
    target = "lines, k = 4, one thread: at least 2x the speed of such a step"
    yield _lowest(target, speeds, "lines_k4".__eq__, 2)


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
