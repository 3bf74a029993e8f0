"""Tables as cells that a reader sees and a script sorts by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from failures.page.jobs import duration
from failures.verdicts.ledger import VERDICTS
from failures.verdicts.page import allowed
from failures.verdicts.tables.claims import number


@dataclass(frozen=True)
class Cell:
    """What is shown, and what is sorted by (empty: nothing is known, which comes last)."""

    text: str
    key: str | float

    @property
    def numeric(self) -> bool:
        """Whether it is a number, or one that is missing: these stand on the right."""
        return self.key == "" or not isinstance(self.key, str)


def _number(value: float) -> Cell:
    return Cell("–", "") if math.isnan(value) else Cell(number(value), value)


def _time(seconds: float) -> Cell:
    return Cell("–", "") if math.isnan(seconds) else Cell(duration(seconds), round(seconds, 3))


def _text(value: object) -> Cell:
    return Cell(str(value), str(value))


@dataclass(frozen=True)
class Claim:
    """A row of the table of claims, as it is shown. rank: of the verdict, the best first."""

    label: str
    claim: str
    family: str
    source: str
    allowed: str
    finding: str
    verdict: str
    rank: int


def claims(table: pd.DataFrame) -> list[Claim]:
    """Rows of `failures.verdicts.tables.claims`."""
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
    """How many claims have each verdict, the best first, without those that none has."""
    found = [row.verdict for row in rows]
    return [(verdict, found.count(verdict)) for verdict in VERDICTS if verdict in found]


# Headers of the other tables, in the order of their cells.
PUBLISHED = [
    "Figure",
    "Curve",
    "Replicates",
    "Inside our band",
    "Last value, ours",
    "Published",
    "Time, ours / published",
]
RULES = ["Rule", "Kind", "Jobs", "CPU time", "Work itself", "Wall time", "Memory, MB", "Needs"]
SCALING = ["Cores", "How", "Wall time", "Least possible"]


# How the paper calls what tables call otherwise.
_WORDS = {
    "n_features": "d",
    "n_stocks": "k",
    "tuple_length": "k",
    " learner =": ",",
    "method = ": "",
    "end_to_end": "end-to-end",
}


def _curve(series: str) -> str:
    """A curve as the paper names it: k = 10, end-to-end."""
    for word, other in _WORDS.items():
        series = series.replace(word, other)
    return series.replace("_", " ")


def published(table: pd.DataFrame) -> list[list[Cell]]:
    """Rows of `failures.verdicts.tables.published`."""
    return [
        [
            _text(f"Figure {row.figure}"),
            _text(_curve(row.series)),
            Cell(str(row.n_replicates), row.n_replicates),
            Cell("–", "") if math.isnan(row.share_inside) else Cell(f"{row.share_inside:.0%}", row.share_inside),
            _number(row.final_ours),
            _number(row.final_published),
            _number(row.time_ratio),
        ]
        for row in table.itertuples()
    ]


def rules(table: pd.DataFrame, edges: list[tuple[str, str]]) -> list[list[Cell]]:
    """Rows of `failures.costs.tables.costs_rules`, and the rules that each needs; the sum is left out."""
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
    """Rows of `failures.costs.tables.costs_scaling`."""
    return [
        [Cell(str(row.cores), row.cores), _text(row.part), _time(row.wall_s), _time(row.bound_s)]
        for row in table.itertuples()
    ]
