"""The benchmark page: Markdown from the raw measurements and the notes."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from benchmarks.peak import SIZE, step_operations
from benchmarks.targets import INITIALISATIONS, gains, peak_times, rate, ratios, shares, signal_minutes, verdicts
from benchmarks.training import CONTENDERS
from failures.artifacts.formats import percent

HEADINGS = {
    "engine": "engine",
    "authors": "authors' style",
    "keras_fit": "Keras `fit`",
    "pytorch": "PyTorch",
    "jax_scan": "JAX",
}
HARDWARE = {"processor": "{}", "cores": "{} cores", "memory": "{} of memory", "system": "{}"}
BUILDS = ("earlier", "now")
OVERHEADS = {
    "signal": "signal-to-noise ratios of `fig5`, CPU seconds per set of initial weights",
    "jobs": "training job of `fig1` or `step_learners` at the preview's scale, CPU seconds outside of its steps",
}
# Rules in the table of CPU times.
LARGEST = 14
MET = {True: "yes", False: "**no**", None: "not measured"}


def render(raw: dict[str, Any], notes: str) -> str:
    """Render the whole page; omit sections that were not measured.

    Args:
        raw: Measurements, as in docs/benchmarks.json.
        notes: Markdown that ends the page.
    """
    targets = [[target, shown, MET[met]] for target, shown, met in verdicts(raw)]
    sections = (_training, _lines, _earlier, _generators, _signal, _workflow, _runs)
    head = _head(raw, targets), "## Targets\n\n" + table(["target", "measured", "met"], targets, align="---")
    return "\n\n".join(filter(None, [*head, *(section(raw) for section in sections), notes.strip()])) + "\n"


def table(header: Iterable[str], rows: Iterable[Iterable[str]], align: str = "---:") -> str:
    """Return a Markdown table.

    Args:
        header: Column names.
        rows: Cells.
        align: Alignment of all columns except the first; right by default.
    """
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


def _training(raw: dict[str, Any]) -> str | None:
    rows = raw.get("training")
    if not rows:
        return None
    cells = [cell for row in rows.values() for cell in row["contenders"].values() if cell]
    rounds, seconds = (_range(values) for values in ({len(c["rates"]) for c in cells}, {c["seconds"] for c in cells}))
    absent = {name for row in rows.values() for name, cell in row["contenders"].items() if cell is None}
    intro = f"""
## Training

The table shows steps per second, including the time of evaluations.
The number in brackets states how many times as fast the engine is.

Each row is one problem and one learner of the configuration, with the settings of the authors' scripts.
A row is named after its family and its problem or learner. `threads2` marks two threads; other rows have one.
The network is evaluated every 100 steps. For lines it is evaluated every 4 steps, with 80 test tuples instead of
2,000, so that the evaluations take the same share of the time.
Values are medians of {rounds} rounds. In each round the implementations take turns, each in its own process,
for {seconds} s.

The columns are five implementations of the same training:

"""
    names = [
        f"- {HEADINGS[name]}: {words}" + (" (not installed: `make peers`)" if name in absent else "")
        for name, (words, _) in CONTENDERS.items()
    ]
    body = [[f"`{name}`", *(_cell(raw, name, contender) for contender in CONTENDERS)] for name in rows]
    return intro.lstrip() + "\n".join(names) + "\n\n" + table(["row", *HEADINGS.values()], body)


def _cell(raw: dict[str, Any], row: str, contender: str) -> str:
    speed, engine = rate(raw, row, contender), rate(raw, row, "engine")
    if speed is None:
        return "-"
    return _number(speed) + (f" ({engine / speed:.2f}x)" if engine and contender != "engine" else "")


def _lines(raw: dict[str, Any]) -> str | None:
    if not raw.get("peak"):
        return None
    intro = f"""
## Lines and the peak rate of matrix products

The *peak rate* is the rate at which NumPy multiplies two float32 matrices of {SIZE:,} x {SIZE:,}.
A *dense* step computes every pixel of every image (`benchmarks/peak.py` counts its operations).
The engine skips blank parts of an image. It can therefore be faster than a dense step at the peak rate.
A row with two threads is compared with the peak rate of two threads:

"""
    body = []
    for name, (dense, engine) in peak_times(raw).items():
        row = raw["training"][name]
        count, peak = step_operations(row["tuple_length"], row["batch"]) / 1e9, raw["peak"][str(row["threads"])]
        values = [f"{count:.2f}", _number(peak), f"{dense:.1f}", f"{engine:.1f}", f"{dense / engine:.2f}x"]
        body.append([f"`{name}`", *values])
    header = ["row", "GFLOP per dense step", "peak rate, GFLOP/s", "dense step at the peak, ms", "engine, ms", "speed"]
    return intro.lstrip() + table(header, body)


def _earlier(raw: dict[str, Any]) -> str | None:
    if "earlier" not in raw:
        return None
    earlier = raw["earlier"]
    rounds = _range({len(values) for rates in earlier["rates"].values() for values in rates.values()})
    intro = f"""
## Comparison with an earlier build

The earlier build is commit `{earlier["commit"]}`, in the same environment. Both builds take turns, each in a process
of its own, with one thread. Values are medians of {rounds} rounds. In rows with blocks, N1 has 1 or 4 residual blocks.
The command is `make bench BENCH="--only earlier --commit {earlier["commit"]}"`.

"""
    rows = [
        [f"`{row}`, steps per second", *(_number(median(rates[build])) for build in BUILDS), f"{gain:.2f}x"]
        for (row, rates), gain in zip(earlier["rates"].items(), gains(raw).values(), strict=True)
    ]
    rows += [
        [OVERHEADS[name], *(_number(median(earlier[name][build])) for build in BUILDS), f"{1 / share:.2f}x"]
        for name, share in shares(raw).items()
    ]
    return intro.lstrip() + table(["", "earlier build", "this build", "speed"], rows)


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
    signal = raw.get("signal")
    if not signal:
        return None
    time = f"{signal_minutes(raw):.1f} min of CPU time for {INITIALISATIONS} sets of initial weights"
    lengths = ", ".join(map(str, signal["tuple_lengths"]))
    return f"""
## Signal-to-noise ratio at initialisation

The analysis behind Figure 5 (`fig5`) takes {time}.
It uses {signal["n_tuples"]:,} tuples for each of k = {lengths}, on one thread.
It includes the set-up that the ten sets of a job share, but no imports. Jobs of one and of two sets are measured.
""".strip()


def _workflow(raw: dict[str, Any]) -> str | None:
    cells = raw.get("workflow")
    if not cells:
        return None
    rounds = _range({len(cell["seconds"]) for cell in cells.values()})
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
        [words[key], f"{cell['jobs']:,}", f"{median(cell['seconds']):.1f}", f"{cell['memory'] / 1e6:.0f}"]
        for key, cell in cells.items()
    ]
    return intro.lstrip() + table(["command", "jobs", "wall time, s", "memory, MB"], body)


def _runs(raw: dict[str, Any]) -> str | None:
    runs = raw.get("runs")
    if not runs:
        return None
    intro = """
## Whole runs

The numbers come from the target `costs` of finished runs; the preview is `make preview CORES=2`, and the full run is
`make reproduce CORES=2`.

- *Measured*: the wall time of the run.
- *Simulated*: the wall time on this number of cores, computed from the times of the jobs in the run. Whenever a
  core is free, the job with the longest remaining chain of dependent jobs starts.
- *Lower bound*: the CPU time divided by the number of cores, or the longest job if that is longer.

"""
    body = [
        [
            *(scale, f"{run['jobs']:,}", _minutes(run["cpu"]), percent(run["share"])),
            *(_minutes(run["wall"].get(part)) for part in ("measured 2", "simulated 2", "simulated 8")),
            f"{run['wall']['simulated 8'] / run['bound']['8']:.2f}",
        ]
        for scale, run in runs.items()
    ]
    cores = ["2 cores, measured", "2 cores, simulated", "8 cores, simulated", "8 cores / lower bound"]
    rules = [
        [f"`{rule}`", *(_minutes(run["rules"].get(rule)) for run in runs.values())]
        for rule in list(next(iter(runs.values()))["rules"])[:LARGEST]
    ]
    return "\n\n".join(
        [
            intro.strip(),
            table(["run", "jobs", "CPU time", "compute", *cores], body),
            f"CPU time of the {LARGEST} largest rules, in minutes:",
            table(["rule", *runs], rules),
        ]
    )


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:.1f} min"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"


def _range(values: Iterable[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
