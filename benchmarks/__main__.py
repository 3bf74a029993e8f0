"""Measure the speed of this project and of other implementations, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import earlier, generators, machine, peak, report, runs, signal, training, workflow
from benchmarks.rows import Row, compared, rows
from failures.config.schema import load

SECTIONS = ("training", "peak", "generators", "signal", "workflow", "runs", "earlier")
NOTES = Path("docs/benchmarks_notes.md")


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks, or only render the page (`--from`)."""
    options = parse(arguments)
    if options.rendered is not None:
        raw = json.loads(options.rendered.read_text())
    else:
        raw = json.loads(options.raw.read_text()) if options.raw.exists() else {}
        config = load(".")
        for section in options.only:
            print(f"Measuring {section} ...", file=sys.stderr)
            measure(section, raw, config, options)
            # The machine and the versions are those of the last measurement.
            raw["machine"] = machine.describe()
            options.raw.write_text(json.dumps(raw, indent=1) + "\n")
    options.output.write_text(report.render(raw, NOTES.read_text() if NOTES.exists() else ""))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    contenders, page, raw = list(training.CONTENDERS), Path("docs/benchmarks.md"), Path("docs/benchmarks.json")
    add("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="sections to measure (default: all)")
    add("--rows", nargs="+", default=[""], metavar="PREFIX", help="rows of training to measure (default: all)")
    add("--contenders", nargs="+", choices=contenders, default=contenders, help="implementations (default: all)")
    add("--rounds", type=int, default=3, help="repetitions of each measurement (default: 3)")
    add("--seconds", type=float, default=1.5, help="length of one measurement (default: 1.5)")
    add("--output", type=Path, default=page, metavar="FILE", help=f"page to write (default: {page})")
    add("--raw", type=Path, default=raw, metavar="FILE", help=f"measurements to update (default: {raw})")
    add("--commit", help="earlier build, which the section `earlier` compares; without it, the section is left out")
    add("--from", dest="rendered", type=Path, metavar="FILE", help="measure nothing; render the page from this file")
    return parser.parse_args(arguments)


def measure(section: str, raw: dict[str, Any], config: dict[str, Any], options: argparse.Namespace) -> None:
    """Measure one section.

    Args:
        section: One of `SECTIONS`.
        raw: Measurements by section; updated in place.
        config: Validated configuration.
        options: Result of `parse`.
    """
    match section:
        case "training":
            for row in rows(config).values():
                if row.name.startswith(tuple(options.rows)):
                    train(row, raw.setdefault("training", {}), options)
        case "peak":
            raw["peak"] = peak.measure(sorted({row.threads for row in rows(config).values()}))
        case "generators":
            raw["generators"] = generators.measure(options.rounds, options.seconds)
        case "signal":
            raw["signal"] = signal.measure(config["lines"])
        case "workflow":
            raw["workflow"] = workflow.measure(options.rounds)
        case "runs":
            raw["runs"] = raw.get("runs", {}) | runs.measure(Path("results"))
        case "earlier" if options.commit is not None:
            selected = [row for row in compared(config).values() if row.name.startswith(tuple(options.rows))]
            raw["earlier"] = earlier.measure(options.commit, config, selected, options.rounds, options.seconds)


def train(row: Row, measurements: dict[str, Any], options: argparse.Namespace) -> None:
    """Measure one row of the training table and store it in `measurements`, which has one entry per row."""
    cells = training.measure(row, options.contenders, options.rounds, options.seconds)
    shown = ", ".join(f"{name} {max(cell['rates']):,.0f}" for name, cell in cells.items() if cell)
    print(f"  {row.name}: {shown} (steps per second, best round)", file=sys.stderr)
    entry = measurements.setdefault(row.name, {"contenders": {}})
    entry |= {"threads": row.threads, "batch": row.batch, "tuple_length": row.problem.get("tuple_length")}
    entry["contenders"] |= cells


if __name__ == "__main__":
    main()
