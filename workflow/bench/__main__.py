"""Measure this project's speed beside other ways to do the same work, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench import asked, generators, lines_peak, machine, parts, report, scaling, sharing, signal, training, workflow
from bench.rows import Row, rows
from failures.config import load

SECTIONS = ("training", "parts", "lines", "generators", "signal", "workflow", "scaling")
NOTES = Path("docs/benchmarks_notes.md")
# Seconds for each product of matrices; initialisations of the signal.
PRODUCT_SECONDS, SIGNAL_SEEDS = 1.0, 1


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line, measure, write."""
    options = parse(arguments)
    if options.rendered is not None:
        raw = json.loads(options.rendered.read_text())
    else:
        raw = json.loads(options.raw.read_text()) if options.raw.exists() else {}
        config = load("config.yaml")
        selected = {name: row for name, row in rows(config).items() if name.startswith(tuple(options.rows))}
        for section in options.only:
            measure(section, raw, selected, config, options)
            # What another machine or another version measured must not stand beside this.
            raw |= {"machine": machine.describe(), "settings": {"pin": options.pin}}
            options.raw.write_text(json.dumps(raw, indent=1) + "\n")
    options.output.write_text(report.render(raw, NOTES.read_text() if NOTES.exists() else ""))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="sections to measure (default: all)")
    add("--rows", nargs="+", default=[""], metavar="ROW", help="rows of training whose names begin so (default: all)")
    add("--contenders", nargs="+", choices=training.CONTENDERS, default=list(training.CONTENDERS))
    add("--rounds", type=int, default=3, help="times that everything is measured (default 3)")
    add("--seconds", type=float, default=1.5, help="length of a measurement (default 1.5)")
    add("--pin", action="store_true", help="pin every contender to as many cores as it has threads (Linux)")
    add("--output", type=Path, default=Path("docs/benchmarks.md"), metavar="FILE", help="the page")
    default = Path("docs/benchmarks.json")
    add(
        "--raw", type=Path, default=default, metavar="FILE", help="raw measurements; what is measured replaces its part"
    )
    add("--from", dest="rendered", type=Path, metavar="FILE", help="only write the page, from raw measurements")
    return parser.parse_args(arguments)


def measure(
    section: str, raw: dict[str, Any], selected: dict[str, Row], config: dict[str, Any], options: argparse.Namespace
) -> None:
    """Measure a section and put it into the raw measurements."""
    print(f"{section} ...", file=sys.stderr)
    match section:
        case "training":
            for row in selected.values():
                train(row, raw.setdefault("training", {}), options)
        case "parts":
            # What lines fall short of is the peak, which has a section of its own.
            every, short = rows(config), sorted(asked.short(raw))
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
    """Measure a row and put it among the others."""
    cells = training.measure(row, options.contenders, options.rounds, options.seconds, options.pin)
    shown = ", ".join(f"{name} {max(cell['rates']):,.0f}" for name, cell in cells.items() if cell)
    print(f"  {row.name}: {shown}", file=sys.stderr)
    entry = found.setdefault(row.name, {"contenders": {}})
    entry |= {"threads": row.threads, "batch": row.batch, "tuple_length": row.problem.get("tuple_length")}
    entry["contenders"] |= cells


if __name__ == "__main__":
    main()
