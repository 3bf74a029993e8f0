"""Cells of the sortable tables of the report."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from failures.artifacts.formats import duration, number
from failures.reporting.claims.curves import curve_name
from failures.reporting.claims.ledger import VERDICTS
from failures.reporting.claims.page import allowed


@dataclass(frozen=True)
class Cell:
    """A table cell: displayed text and sort key. An empty key marks a missing value, which sorts last."""

    text: str
    key: str | float

    @property
    def numeric(self) -> bool:
        """Return whether the cell holds a number or a missing number, and is right-aligned."""
        return self.key == "" or not isinstance(self.key, str)


def _number(value: float) -> Cell:
    return Cell("–", "") if math.isnan(value) else Cell(number(value), value)


def _time(seconds: float) -> Cell:
    return Cell("–", "") if math.isnan(seconds) else Cell(duration(seconds), round(seconds, 3))


def _text(value: object) -> Cell:
    return Cell(str(value), str(value))


@dataclass(frozen=True)
class Claim:
    """A row of the table of claims. `rank` is the index of the verdict, best first."""

    label: str
    claim: str
    family: str
    source: str
    allowed: str
    finding: str
    verdict: str
    rank: int


def claims(table: pd.DataFrame) -> list[Claim]:
    """Convert the table of `failures.reporting.claims.tables.claims` to rows."""
    return [
        Claim(
            row.label,
            row.claim,
            row.family,
            row.source,
            allowed(row),
            row.finding,
            row.verdict,
            VERDICTS.index(row.verdict),
        )
        for row in table.itertuples()
    ]


def counts(rows: list[Claim]) -> list[tuple[str, int]]:
    """Count the claims per verdict, best first; verdicts without claims are omitted."""
    names = [row.verdict for row in rows]
    return [(verdict, names.count(verdict)) for verdict in VERDICTS if verdict in names]


# Headers of the other tables, in the order of the cells.
PUBLISHED = [
    "Figure",
    "Curve",
    "Replicates",
    "Published points within band",
    "Final value, reproduced",
    "Final value, published",
    "Time to 90 %, reproduced / published",
]
RULES = ["Rule", "Kind", "Jobs", "CPU time", "Compute share", "Wall time", "Memory, MB", "Depends on"]
SCALING = ["Cores", "Method", "Wall time", "Lower bound"]


def published(table: pd.DataFrame) -> list[list[Cell]]:
    """Convert the table of `failures.reporting.claims.tables.published` to rows."""
    return [
        [
            _text(f"Figure {row.figure}"),
            _text(curve_name(row.series)),
            Cell(str(row.n_replicates), row.n_replicates),
            Cell("–", "") if math.isnan(row.share_inside) else Cell(f"{row.share_inside:.0%}", row.share_inside),
            _number(row.final_ours),
            _number(row.final_published),
            _number(row.time_ratio),
        ]
        for row in table.itertuples()
    ]


def rules(table: pd.DataFrame, edges: list[tuple[str, str]]) -> list[list[Cell]]:
    """Convert the table of `failures.reporting.costs.tables.costs_rules` to rows, with each rule's dependencies.

    The row `all`, the sum over rules, is omitted.
    """
    table = table[table["rule"] != "all"]
    return [
        [
            _text(row.rule),
            _text(row.kind),
            Cell(str(row.n_jobs), row.n_jobs),
            _time(row.cpu_s),
            Cell("–", "") if math.isnan(row.loop_share) else Cell(f"{row.loop_share:.0%}", row.loop_share),
            _time(row.wall_s),
            Cell(f"{row.memory_mb:.0f}", row.memory_mb),
            _text(", ".join(need for need, rule in edges if rule == row.rule) or "–"),
        ]
        for row in table.itertuples()
    ]


def scaling(table: pd.DataFrame) -> list[list[Cell]]:
    """Convert the table of `failures.reporting.costs.tables.costs_scaling` to rows."""
    return [
        [Cell(str(row.cores), row.cores), _text(row.part), _time(row.wall_s), _time(row.bound_s)]
        for row in table.itertuples()
    ]
