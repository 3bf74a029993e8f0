"""The benchmark page: Markdown from the raw measurements and the notes."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from benchmarks.lines_peak import step_operations
from benchmarks.parts import operations
from benchmarks.sharing import expected, most
from benchmarks.targets import INITIALISATIONS, peak, peak_times, rate, ratios, signal_minutes, verdicts
from benchmarks.training import CONTENDERS

HEADINGS = {
    "engine": "engine",
    "authors": "authors' style",
    "keras_fit": "Keras `fit`",
    "pytorch": "PyTorch",
    "jax_scan": "JAX",
}
HARDWARE = {"processor": "{}", "cores": "{} cores", "memory": "{} of memory", "system": "{}"}
MET = {True: "yes", False: "**no**", None: "not measured"}
# Cores that the table of scaling shows simulated wall times for.
SIMULATED = ("1", "2", "8")


def render(raw: dict[str, Any], notes: str) -> str:
    """Render the whole page; a section that was not measured is left out.

    Args:
        raw: the measurements, as in docs/benchmarks.json.
        notes: Markdown that ends the page. The table before its first heading (columns target, measured, met) lists
            targets that `make bench` does not measure; they end the page's table of targets.
    """
    targets = [[target, shown, MET[met]] for target, shown, met in verdicts(raw)]
    of_notes, notes = split(notes)
    sections = (_training, _parts, _lines, _generators, _signal, _workflow, _scaling)
    head = _head(raw, targets + of_notes), _targets(targets, of_notes)
    parts = [*head, *(section(raw) for section in sections), notes]
    return "\n\n".join(filter(None, parts)) + "\n"


def split(notes: str) -> tuple[list[list[str]], str]:
    """Split notes before the first heading. Returns the cells of the table before it, without header, and the rest."""
    above, heading, rest = f"\n{notes}".partition("\n## ")
    lines = [line.strip("| ") for line in above.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.split("|")] for line in lines], (heading + rest).strip()


def table(header: Iterable[str], rows: Iterable[Iterable[str]], align: str = "---:") -> str:
    """Return a Markdown table. align: alignment of every column but the first; right by default."""
    header = list(header)
    lines = [header, ["---", *[align] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _head(raw: dict[str, Any], targets: list[list[str]]) -> str:
    speeds = ratios(raw, ("authors",)).values()
    measured = [row for row in targets if row[2] != MET[None]]
    missed = [f"- *{target}*. Measured: {shown}." for target, shown, met in measured if met == MET[False]]
    terms = """
# Benchmarks

This page compares the speed of this project with other ways to do the same work. It uses these terms:

- *The engine* is the training loop of this project. It runs inside Keras `fit`.
- *The authors' scripts* are the code that the paper's authors published.
- *The authors' style* is this project's copy of their method: TensorFlow 1 sessions and samples from NumPy.
- A *family* is one group of experiments: parity, periodic, portfolio, curves, steps or lines.
- The *lines* family is section 3.1 of the paper: tuples of k images, each with one line.
- *2x* means twice as fast. *CPU time* is summed over all cores.
"""
    answer = [
        *([f"The engine trains {_range(speeds)} times as fast as the authors' style."] if speeds else []),
        f"{len(measured) - len(missed)} of {len(measured)} measured targets are met.",
        *([f"{'This target is' if len(missed) == 1 else 'These targets are'} not met:\n", *missed] if missed else []),
    ]
    machine = raw["machine"]
    hardware = ", ".join(words.format(machine[key]) for key, words in HARDWARE.items() if key in machine)
    versions = ", ".join(f"{name} {value}" for name, value in machine.items() if name not in HARDWARE)
    written = """
`make bench` writes this page from new measurements and from `docs/benchmarks_notes.md`.
Edit the notes, not this page.
"""
    return "\n".join([terms.lstrip(), *answer, "", f"Machine: {hardware}.", f"Versions: {versions}.", written.rstrip()])


def _targets(targets: list[list[str]], of_notes: list[list[str]]) -> str:
    source = (
        f"The last {len(of_notes)} targets come from the last section, *The whole workflow*.\n\n" if of_notes else ""
    )
    return f"## Targets\n\n{source}" + table(["target", "measured", "met"], targets + of_notes, align="---")


def _training(raw: dict[str, Any]) -> str | None:
    rows = raw.get("training")
    if not rows:
        return None
    cells = [cell for row in rows.values() for cell in row["contenders"].values() if cell]
    rounds, seconds = (_range(values) for values in ({len(c["rates"]) for c in cells}, {c["seconds"] for c in cells}))
    pinned = " Processes are pinned to as many cores as they have threads." if raw["settings"].get("pin") else ""
    absent = {name for row in rows.values() for name, cell in row["contenders"].items() if cell is None}
    intro = f"""
## Training

The table shows steps per second, including the time of evaluations.
The number in brackets states how many times as fast the engine is.

Each row is one problem and one learner of `config.yaml`, with the settings of the authors' scripts.
A row is named after its family and its problem or learner. `threads2` marks two threads; other rows have one.
The network is evaluated every 100 steps. For lines it is evaluated every 4 steps, with 80 test tuples instead of
2,000, so that the evaluations take the same share of the time.
Values are medians of {rounds} rounds. In each round the implementations take turns, each in its own process,
for {seconds} s.{pinned}

The columns are five implementations of the same training:

"""
    names = [
        f"- {HEADINGS[name]}: {words}" + (" (not installed: `make peers`)" if name in absent else "")
        for name, (words, _) in CONTENDERS.items()
    ]
    body = [[f"`{name}`", *(_cell(raw, name, contender) for contender in CONTENDERS)] for name in rows]
    return intro.lstrip() + "\n".join(names) + "\n\n" + table(["row", *HEADINGS.values()], body)


def _cell(raw: dict[str, Any], row: str, contender: str) -> str:
    found, engine = rate(raw, row, contender), rate(raw, row, "engine")
    if found is None:
        return "-"
    return _number(found) + (f" ({engine / found:.2f}x)" if engine and contender != "engine" else "")


def _parts(raw: dict[str, Any]) -> str | None:
    if not raw.get("parts"):
        return None
    intro = """
## Parts of a step

The table shows how the CPU time of a step is spent, for rows that miss the target against the authors' style.
Values are microseconds of CPU time per step on one thread, without evaluations. Each is the minimum of three runs.

- *SGD*: the whole step, with plain gradient descent instead of Adam.
- *Batch*: drawing the samples.
- *Products*: the matrix products of the dense layers, forward and backward, alone in a loop.
- *Products at the peak*: the same products at the peak rate. The next section measures this rate.

"""
    columns = {"step": "whole step", "without_optimizer": "SGD", "batch": "batch", "products": "products"}
    body = []
    for name, found in raw["parts"].items():
        top = peak(raw, raw["training"][name]["threads"])
        least = operations(raw["training"][name]["batch"], found["layers"]) / top / 1e3 if top else None
        body.append([f"`{name}`", *(_number(found[key]) for key in columns), _number(least) if least else "-"])
    return intro.lstrip() + table(["row", *columns.values(), "products at the peak"], body)


def _lines(raw: dict[str, Any]) -> str | None:
    if "lines" not in raw:
        return None
    return "\n\n".join(filter(None, [_peak(raw), _dense(raw), _sharing(raw)]))


def _peak(raw: dict[str, Any]) -> str:
    intro = """
## Lines and the peak rate of matrix products

The *peak rate* of the processor is the rate of its fastest product of two float32 matrices. Three libraries and
four shapes are measured. Two of the shapes are those of the convolutions of 50 images.
Each cell is the rate of the fastest call, in GFLOP/s:

"""
    measured = [
        (threads, name, shapes)
        for threads, libraries in raw["lines"]["peak"].items()
        for name, shapes in libraries.items()
        if shapes
    ]
    names = list(measured[0][2])
    body = [
        [f"{name}, {_plural(threads, 'thread')}", *(_number(shapes[n]) for n in names)]
        for threads, name, shapes in measured
    ]
    return intro.lstrip() + table(["library", *names], body)


def _dense(raw: dict[str, Any]) -> str:
    intro = """
A *dense* step computes every pixel of every image (`benchmarks/lines_peak.py` counts its operations).
The engine skips blank parts of an image. It can therefore be faster than a dense step at the peak rate.
A row with two threads is compared with the peak rate of two threads:

"""
    body = []
    for name, (dense, engine) in peak_times(raw).items():
        row = raw["training"][name]
        count, top = step_operations(row["tuple_length"], row["batch"]) / 1e9, peak(raw, row["threads"])
        values = [f"{count:.2f}", _number(top), f"{dense:.1f}", f"{engine:.1f}", f"{dense / engine:.2f}x"]
        body.append([f"`{name}`", *values])
    header = ["row", "GFLOP per dense step", "peak rate, GFLOP/s", "dense step at the peak, ms", "engine, ms", "speed"]
    return intro.lstrip() + table(header, body)


def _sharing(raw: dict[str, Any]) -> str | None:
    intro = """
The next table shows how much time a second thread saves, in milliseconds per step.
It is measured separately, so that its times differ from those of the table above.
A batch is divided into parts, and each thread computes whole parts. The rest of a step runs on one thread:
it draws the batch, builds matrices from the weights, computes the gradients of the weights from those of the
matrices, and updates the weights.

- *1 thread*: the step on one thread, with nothing else running.
- *1 thread, 2 processes*: the step on one thread, while a second process computes the same step.
- *Rest*: the part of a step that runs on one thread.
- *2 threads, expected*: the rest plus the parts of the busier thread, at the speed of *1 thread, 2 processes*.
- *2 threads*: the step on two threads, with nothing else running. It can take less time than expected, because
  a waiting thread helps the other with single operations.
- *Busy cores*: CPU time divided by wall time, for *2 threads*.

"""
    body = []
    for name, found in raw["lines"].get("sharing", {}).items():
        threads = raw["training"][name]["threads"]
        shared = f"{most(found['parts'], threads)} of {found['parts']}"
        times = [found["one"], found["beside"], found["rest"], expected(found, threads), found["several"]]
        body.append([f"`{name}`", shared, *(f"{time:.1f}" for time in times), f"{found['cores']:.2f}"])
    header = ["row", "parts of the busier thread", "1 thread", "1 thread, 2 processes", "rest", "2 threads, expected"]
    return intro.lstrip() + table([*header, "2 threads", "busy cores"], body) if body else None


def _generators(raw: dict[str, Any]) -> str | None:
    if "generators" not in raw:
        return None
    rates = {name: median(values) for name, values in raw["generators"]["rates"].items()}
    words = {
        "loop": "loop over images and points, as in the authors' scripts",
        "code": "this project, with the rules of the authors' scripts (`variant: code`)",
        "paper": "this project, with the rules of the paper's text (`variant: paper`)",
    }
    body = [[words[name], _number(value), f"{value / rates['loop']:.0f}x"] for name, value in rates.items()]
    return "## Generator of lines\n\n" + table(["generator", "images per second", "speed"], body)


def _signal(raw: dict[str, Any]) -> str | None:
    found = raw.get("signal")
    if not found:
        return None
    minutes, lengths = signal_minutes(raw), ", ".join(map(str, found["tuple_lengths"]))
    intro = f"""
## Signal-to-noise ratio at initialisation

The analysis behind Figure 5 (`fig5`) takes {minutes:.1f} min of CPU time for {INITIALISATIONS} sets of initial weights.
It uses {found["n_tuples"]:,} tuples for each of k = {lengths}, on one thread.
All tuples consist of images from one *pool*, which is drawn once. The CPU time above is that of the last row of
this table, multiplied by the number of sets; the other rows are not included:

"""
    words = {
        "imports": "imports",
        "pool": f"drawing the pool of {found['n_images']:,} images",
        "tracing": "reading the pool and tracing the graph",
        "analysis": f"analysis of {_plural(found['n_seeds'], 'set')} of initial weights",
    }
    body = [[text, f"{found[key]['seconds']:.1f}", f"{found[key]['cpu']:.1f}"] for key, text in words.items()]
    return intro.lstrip() + table(["part", "wall time, s", "CPU time, s"], body)


def _workflow(raw: dict[str, Any]) -> str | None:
    found = raw.get("workflow")
    if not found:
        return None
    rounds = _range({len(cell["seconds"]) for cell in found.values()})
    intro = f"""
## Workflow

The table shows the wall time of one `snakemake` command (median of {rounds}) and the largest memory of one process.
The first two commands run at the scale of the tests. In the dry run, each training job trains ten seeds.

"""
    words = {
        "no-op": "nothing to do: `fig1` and `fig4` are up to date",
        "figure": "one figure: `fig1` is drawn again from its table",
        "plan": "dry run of `predictors` with 10,000 runs: 1,000 seeds, 5 parity problems, 2 learners",
    }
    body = [
        [text, f"{found[key]['jobs']:,}", f"{median(found[key]['seconds']):.1f}", f"{found[key]['memory'] / 1e6:.0f}"]
        for key, text in words.items()
    ]
    return intro.lstrip() + table(["command", "jobs", "wall time, s", "memory, MB"], body)


def _scaling(raw: dict[str, Any]) -> str | None:
    found = raw.get("scaling")
    if not found:
        return None
    intro = """
## Scaling

This section shows how the wall time of the workflow depends on the number of cores. Each row of the table is one
run in an empty folder. A run computes the preview (all figures at reduced scale) and the figure `costs`.
Times are in minutes and seconds.

- *Measured*: the wall time of the run.
- *Simulated*: the wall time on this number of cores, computed from the times of the jobs in the run. Whenever a
  core is free, the job with the longest remaining chain of dependent jobs starts.
- *Lower bound*: the CPU time divided by the number of cores, or the longest job if that is longer.

"""
    body = []
    for cores, run in found.items():
        seconds = [run["cpu"], run["seconds"], *(run["simulated"][n] for n in SIMULATED)]
        body.append([cores, str(run["jobs"]), *map(_minutes, seconds), f"{run['ratio']['8']:.2f}"])
    simulated = [f"simulated, {_plural(n, 'core')}" for n in SIMULATED]
    header = ["cores", "jobs", "CPU time", "measured", *simulated, "simulated, 8 cores / lower bound"]
    return intro.lstrip() + table(header, body)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"


def _plural(n: int | str, noun: str) -> str:
    return f"{n} {noun}" + ("" if int(n) == 1 else "s")


def _range(values: Iterable[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
