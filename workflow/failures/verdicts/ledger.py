"""A claim, what was measured of it, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import yaml
from pydantic import Field, TypeAdapter, model_validator
from scipy import stats

from failures.seeding import generator
from failures.settings import Name, Names, Settings

LEAST_REPLICATES = 3
# "Replicates" of what is computed exactly and has no chance in it.
EXACT = 10**6
VERDICTS = ("reproduced", "partly", "not reproduced", "not enough runs")


class Claim(Settings):
    """A claim of the paper or of its review that can be measured."""

    id: Name
    """Name of the claim, and of the function in `failures.verdicts.measures.FAMILY` that measures it."""
    family: Name
    """Family of problems that it is about."""
    label: str = Field(max_length=48)
    """The claim in a few words, for a figure."""
    claim: str
    """What is claimed, in our words."""
    source: str
    """Where: section, figure or theorem of the paper, or the review."""
    tables: Names
    """Tables that it rests on, `results/tables/NAME.csv`."""
    column: str
    """Column or quantity of the table."""
    statistic: str
    """What is computed from it."""
    at_least: float | None = None
    """Smallest value that the claim allows."""
    at_most: float | None = None
    """Largest value that the claim allows."""
    why: str
    """Why the threshold is fair."""
    finding: str
    """A sentence with {value}, {low}, {high} and {n}."""

    @model_validator(mode="after")
    def _has_a_threshold(self) -> Claim:
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        if not bounds or bounds != sorted(bounds):
            raise ValueError(f"{self.id}: needs at_least, at_most or both, in this order")
        return self

    def allows(self, value: float) -> bool:
        """Whether a value is within the thresholds."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True)
class Measured:
    """A value with its interval over replicates, and how many there were. NaN: could not be measured."""

    value: float
    low: float
    high: float
    n_replicates: int


NOTHING = Measured(math.nan, math.nan, math.nan, 0)


def read_claims(path: str | Path) -> list[Claim]:
    """The claims of a ledger; pydantic's ValidationError for a bad one, ValueError for a repeated id."""
    claims = TypeAdapter(Annotated[list[Claim], Field(min_length=1)]).validate_python(
        yaml.safe_load(Path(path).read_text("utf-8"))
    )
    names = [claim.id for claim in claims]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{path}: {', '.join(sorted(repeated))} stands more than once")
    return claims


def verdict(claim: Claim, measured: Measured) -> str:
    """One of VERDICTS: the claim holds on the whole interval, on a part of it, or nowhere on it."""
    interval = (measured.low, measured.value, measured.high)
    if measured.n_replicates < LEAST_REPLICATES or any(map(math.isnan, interval)):
        return "not enough runs"
    if all(map(claim.allows, interval)):
        return "reproduced"
    # An interval on both sides of the thresholds holds a value that is allowed even if no end is.
    below = claim.at_least is not None and measured.high < claim.at_least
    above = claim.at_most is not None and measured.low > claim.at_most
    return "not reproduced" if below or above else "partly"


class Missing(LookupError):
    """A table has no rows of what a claim is about."""


def rows(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Rows whose columns have these values; Missing if there is none."""
    for column, value in values.items():
        table = table[table[column] == value]
    if table.empty:
        raise Missing(values)
    return table


def last(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the last step; Missing if there is none."""
    if table.empty:
        raise Missing
    return table[table["step"] == table["step"].max()]


def band(row: pd.Series, column: str) -> Measured:
    """Median, 10th and 90th percentile of a column over the replicates of a row."""
    return Measured(*(row[f"{column}_{part}"] for part in ("median", "p10", "p90")), int(row["n_replicates"]))


def student(values: np.ndarray) -> Measured:
    """Mean of replicates with its 95 % interval of Student."""
    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n) if n > 1 else math.nan
    return Measured(values.mean(), values.mean() - half, values.mean() + half, n)


def extreme(pick: Callable, parts: list[Measured]) -> Measured:
    """The part with the largest or smallest (`pick`: max or min) value; of the numbers of replicates the least."""
    if not parts:
        raise Missing
    worst = pick(parts, key=lambda part: part.value)
    return Measured(worst.value, worst.low, worst.high, min(part.n_replicates for part in parts))


def bootstrap(name: str, statistic: Callable[..., float], *samples: np.ndarray) -> Measured:
    """A statistic of samples of replicates with its 95 % percentile interval. name: of the random stream."""
    n = min(map(len, samples))
    value = statistic(*samples)
    if n < LEAST_REPLICATES:
        return Measured(value, math.nan, math.nan, n)
    rng = generator("claims", name)
    drawn = [statistic(*(rng.choice(sample, len(sample)) for sample in samples)) for _ in range(2000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Measured(value, low, high, n)
