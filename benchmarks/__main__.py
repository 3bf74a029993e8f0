"""Measure the speed of this project and of other implementations, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import (
    generators,
    lines_peak,
    machine,
    parts,
    report,
    scaling,
    sharing,
    signal,
    targets,
    training,
    workflow,
)
from benchmarks.rows import Row, rows
from failures.config.schema import load

SECTIONS = ("training", "parts", "lines", "generators", "signal", "workflow", "scaling")
NOTES = Path("docs/benchmarks_notes.md")
# Seconds per shape of matrix product; sets of initial weights in the signal-to-noise analysis.
PRODUCT_SECONDS, SIGNAL_SEEDS = 1.0, 1


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks, or only render the page (`--from`)."""
    options = parse(arguments)
    if options.rendered is not None:
        raw = json.loads(options.rendered.read_text())
    else:
        raw = json.loads(options.raw.read_text()) if options.raw.exists() else {}
        config = load("config.yaml")
        selected = {name: row for name, row in rows(config).items() if name.startswith(tuple(options.rows))}
        for section in options.only:
            measure(section, raw, selected, config, options)
            # The machine and the versions are those of the last measurement.
            raw |= {"machine": machine.describe(), "settings": {"pin": options.pin}}
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
    add("--pin", action="store_true", help="pin each process to as many cores as it has threads (Linux)")
    add("--output", type=Path, default=page, metavar="FILE", help=f"page to write (default: {page})")
    add("--raw", type=Path, default=raw, metavar="FILE", help=f"measurements to update (default: {raw})")
    add("--from", dest="rendered", type=Path, metavar="FILE", help="measure nothing; render the page from this file")
    return parser.parse_args(arguments)


def measure(
    section: str, raw: dict[str, Any], selected: dict[str, Row], config: dict[str, Any], options: argparse.Namespace
) -> None:
    """Measure a section and store it in the raw measurements."""
    print(f"Measuring {section} ...", file=sys.stderr)
    match section:
        case "training":
            for row in selected.values():
                train(row, raw.setdefault("training", {}), options)
        case "parts":
            # Lines are left out: the section `lines` compares them with the peak rate.
            every, short = rows(config), sorted(targets.short(raw))
            taken = [every[name] for name in short if every[name].family in parts.BATCHES]
            raw["parts"] = parts.measure(taken, options.seconds)
        case "lines":
            lines = [row for row in rows(config).values() if row.family == "lines"]
            raw["lines"] = {
                "peak": lines_peak.measure(lines, PRODUCT_SECONDS),
                "sharing": sharing.measure(lines, options.rounds, options.seconds),
            }
        case "generators":
            raw["generators"] = generators.measure(options.rounds, options.seconds)
        case "signal":
            block = config["lines"]
            raw["signal"] = signal.measure(block["fig5"], block["pool"]["n_images"], SIGNAL_SEEDS)
        case "workflow":
            raw["workflow"] = workflow.measure(options.rounds)
        case "scaling":
            raw["scaling"] = scaling.measure()


def train(row: Row, found: dict[str, Any], options: argparse.Namespace) -> None:
    """Measure a row of the table of training and store it."""
    cells = training.measure(row, options.contenders, options.rounds, options.seconds, options.pin)
    shown = ", ".join(f"{name} {max(cell['rates']):,.0f}" for name, cell in cells.items() if cell)
    print(f"  {row.name}: {shown} (steps per second, best round)", file=sys.stderr)
    entry = found.setdefault(row.name, {"contenders": {}})
    entry |= {"threads": row.threads, "batch": row.batch, "tuple_length": row.problem.get("tuple_length")}
    entry["contenders"] |= cells


if __name__ == "__main__":
    main()
