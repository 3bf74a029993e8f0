"""The page: Markdown from the raw measurements."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from bench.asked import INITIALISATIONS, peak, peak_times, rate, signal_minutes, verdicts
from bench.lines_peak import step_operations
from bench.parts import operations
from bench.sharing import expected, most
from bench.training import CONTENDERS

HEADINGS = {
    "engine": "engine",
    "authors": "authors",
    "keras_fit": "Keras `fit`",
    "pytorch": "PyTorch",
    "jax_scan": "JAX",
}


def render(raw: dict[str, Any], notes: str) -> str:
    """The whole page; sections that were not measured are left out. notes: Markdown that ends it."""
    parts = (_head, _training, _parts, _lines, _generators, _signal, _workflow, _scaling, _asked)
    return "\n\n".join([*filter(None, (part(raw) for part in parts)), notes.strip()]) + "\n"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; all columns but the first are aligned right."""
    header = list(header)
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _head(raw: dict[str, Any]) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in raw["machine"].items())
    return f"# Benchmarks\n\nWritten by `make bench`; do not edit. Machine: {machine}."


def _training(raw: dict[str, Any]) -> str | None:
    rows = raw.get("training")
    if not rows:
        return None
    cells = [cell for row in rows.values() for cell in row["contenders"].values() if cell]
    rounds, seconds = sorted({len(c["rates"]) for c in cells}), sorted({c["seconds"] for c in cells})
    pinned = ", pinned to as many cores as threads" if raw["settings"].get("pin") else ""
    absent = {name for row in rows.values() for name, cell in row["contenders"].items() if cell is None}
    intro = [
        "## Training",
        "",
        "Steps a second, evaluations included, and in brackets how many times as fast the engine is. The scripts'",
        "settings; an evaluation every 100 steps (lines: windows of 4 steps and 80 test tuples, the same share of",
        f"evaluation as 100 and 2,000). Medians of {_span(rounds)} rounds of {_span(seconds)} s in which contenders",
        f"take turns, each in a process of its own; one thread if the row does not say two{pinned}.",
        "",
        *(
            f"- {HEADINGS[name]}: {words}" + (" (not installed: `make peers`)" if name in absent else "")
            for name, (words, _) in CONTENDERS.items()
        ),
        "",
    ]
    body = [[name, *(_cell(raw, name, contender) for contender in CONTENDERS)] for name in rows]
    return "\n".join(intro) + "\n" + table(["row", *HEADINGS.values()], body)


def _cell(raw: dict[str, Any], row: str, contender: str) -> str:
    found, engine = rate(raw, row, contender), rate(raw, row, "engine")
    if found is None:
        return "-"
    return _number(found) + (f" ({engine / found:.2f}x)" if engine and contender != "engine" else "")


def _parts(raw: dict[str, Any]) -> str | None:
    if not raw.get("parts"):
        return None
    intro = [
        "## Parts of a step",
        "",
        "The same compiled loop with parts left out, of the rows that fall short beside the authors' style:",
        "microseconds of processor time a step, without evaluations, one thread, the least of three. *Products* are",
        "the learner's dense products, forward and backward, alone in a loop; *at the peak* is the time that their",
        "operations take at the machine's fastest product, below.",
        "",
    ]
    columns = {"step": "step", "without_optimizer": "descent instead of Adam", "batch": "batch", "products": "products"}
    body = []
    for name, found in raw["parts"].items():
        top = peak(raw, raw["training"][name]["threads"])
        least = operations(raw["training"][name]["batch"], found["layers"]) / top / 1e3 if top else None
        body.append([name, *(_number(found[key]) for key in columns), _number(least) if least else "-"])
    return "\n".join(intro) + "\n" + table(["row", *columns.values(), "at the peak"], body)


def _lines(raw: dict[str, Any]) -> str | None:
    if "lines" not in raw:
        return None
    parts = ["## Lines beside the peak of matrix products", "", "Float32 products, GF/s (the best call of each):", ""]
    measured = [
        (threads, name, shapes)
        for threads, libraries in raw["lines"]["peak"].items()
        for name, shapes in libraries.items()
        if shapes
    ]
    names = list(measured[0][2])
    body = [[f"{name}, {threads} threads", *(_number(shapes[n]) for n in names)] for threads, name, shapes in measured]
    parts += [table(["library", *names], body), ""]
    parts += ["Operations of a dense step (`bench/lines_peak.py`), its time at the fastest of these, and ours:", ""]
    body = []
    for name, (dense, ours) in peak_times(raw).items():
        row = raw["training"][name]
        operations, top = step_operations(row["tuple_length"], row["batch"]) / 1e9, peak(raw, row["threads"])
        body.append([name, f"{operations:.2f}", _number(top), f"{dense:.1f}", f"{ours:.1f}", f"{dense / ours:.2f}x"])
    header = ["row", "GF a step", "GF/s at the peak", "ms at the peak", "our ms", "peak / ours"]
    return "\n".join([*parts, table(header, body), *_sharing(raw)])


def _sharing(raw: dict[str, Any]) -> list[str]:
    """What two threads share of a step of the lines."""
    words = """
Where a second thread goes, milliseconds a step: on one thread, alone and beside another process like it; *alone in it*,
what of a step one thread does while the other waits (drawing the batch, the matrices made of the weights and their
gradients, Adam); then what two threads should take if each of them computes its parts at the speed that it has beside
another, and what they take, with nothing else running."""
    body = []
    for name, found in raw["lines"].get("sharing", {}).items():
        threads = raw["training"][name]["threads"]
        shared = f"{most(found['parts'], threads)} of {found['parts']}"
        times = [found["one"], found["beside"], found["rest"], expected(found, threads), found["several"]]
        body.append([name, shared, *(f"{time:.1f}" for time in times), f"{found['cores']:.2f}"])
    header = ["row", "parts of the busier thread", "one thread", "beside another", "alone in it", "expected of two"]
    return [words, "", table([*header, "two threads", "cores busy"], body)] if body else []


def _generators(raw: dict[str, Any]) -> str | None:
    if "generators" not in raw:
        return None
    rates = {name: median(values) for name, values in raw["generators"]["rates"].items()}
    words = {"loop": "the authors' loop", "code": "ours, `variant: code`", "paper": "ours, `variant: paper`"}
    body = [[words[name], _number(value), f"{value / rates['loop']:.0f}x"] for name, value in rates.items()]
    return "## Generator of the lines\n\n" + table(["generator", "images/s", "of the loop"], body)


def _signal(raw: dict[str, Any]) -> str | None:
    found = raw.get("signal")
    if not found:
        return None
    lengths = ", ".join(map(str, found["tuple_lengths"]))
    words = {
        "imports": "imports",
        "pool": f"drawing the pool of {found['n_images']:,} images",
        "tracing": "reading the pool and tracing",
        "analysis": f"analysis of {found['n_seeds']} initialisation(s)",
    }
    body = [[text, f"{found[key]['seconds']:.1f}", f"{found[key]['cpu']:.1f}"] for key, text in words.items()]
    return "\n".join(
        [
            f"## Signal and noise at initialisation\n\n{found['n_tuples']:,} tuples, k = {lengths}, one thread; "
            f"{INITIALISATIONS} initialisations take {signal_minutes(raw):.1f} processor minutes:\n",
            table(["part", "seconds", "processor seconds"], body),
        ]
    )


def _workflow(raw: dict[str, Any]) -> str | None:
    found = raw.get("workflow")
    if not found:
        return None
    words = {
        "no-op": "nothing to do: the figures fig1 and fig4, made at the tests' scale",
        "figure": "one figure, fig1, from its table at the tests' scale",
        "plan": "dry run of 10,000 runs: 1,000 seeds, 5 parity problems, 2 learners, the figure predictors",
    }
    body = [
        [text, f"{found[key]['jobs']:,}", f"{median(found[key]['seconds']):.1f}", f"{found[key]['memory'] / 1e6:.0f}"]
        for key, text in words.items()
    ]
    rounds = _span(sorted({len(cell["seconds"]) for cell in found.values()}))
    intro = f"## Workflow\n\nWall time of `snakemake`, median of {rounds}, and the largest memory of a process:\n\n"
    return intro + table(["command", "jobs", "seconds", "MB"], body)


def _scaling(raw: dict[str, Any]) -> str | None:
    found = raw.get("scaling")
    if not found:
        return None
    intro = [
        "## Scaling",
        "",
        "All figures of the preview and figure `costs`, from an empty folder: minutes by the clock on so many",
        "cores, and simulated from the times of that run's jobs, longest remaining chain first; the last column is",
        "the time on eight cores beside the bound, all processor time shared by eight or the longest job.",
        "",
    ]
    shown = ("1", "2", "8")
    body = []
    for n, run in found.items():
        seconds = [run["cpu"], run["seconds"], *(run["simulated"][cores] for cores in shown)]
        body.append([f"cores: {n}", str(run["jobs"]), *map(_minutes, seconds), f"{run['ratio']['8']:.2f}x"])
    header = ["run", "jobs", "processor time", "measured", *(f"on {cores}" for cores in shown), "8 beside the bound"]
    return "\n".join(intro) + "\n" + table(header, body)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _asked(raw: dict[str, Any]) -> str:
    marks = {True: "yes", False: "**no**", None: "not measured"}
    return "## Asked and measured\n\n" + table(
        ["asked", "measured", "met"], ([asked, shown, marks[met]] for asked, shown, met in verdicts(raw))
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _span(values: list[float]) -> str:
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"
