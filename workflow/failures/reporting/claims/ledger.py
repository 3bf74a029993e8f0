"""Claims, their measured values, and verdicts."""

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

from failures.config.types import Name, Names, Settings
from failures.engine.seeding import generator

LEAST_REPLICATES = 3
# Number of replicates of a value that is computed exactly, without sampling.
EXACT = 10**6
VERDICTS = ("reproduced", "partly", "not reproduced", "not enough runs")


class Claim(Settings):
    """A claim of the paper or of its review that can be measured."""

    id: Name
    """Name of the claim, and of the function in `failures.reporting.claims.measures.FAMILY` that measures it."""
    family: Name
    """Family of problems that the claim is about."""
    label: str = Field(max_length=48)
    """The claim in a few words, for the figure of all claims."""
    claim: str
    """The claim as one sentence that can be read alone."""
    source: str
    """Section, figure or theorem of the paper, the review, or this project."""
    tables: Names
    """Tables that the measure reads, `results/tables/NAME.csv`."""
    column: str
    """Column or quantity of the table that the statistic is computed from."""
    statistic: str
    """The statistic, with the kind of its interval."""
    at_least: float | None = None
    """Smallest value at which the claim holds."""
    at_most: float | None = None
    """Largest value at which the claim holds."""
    why: str
    """Why the threshold is fair."""
    finding: str
    """The measured sentence, with the placeholders {value}, {low}, {high} and {n} (replicates)."""

    @model_validator(mode="after")
    def _has_a_threshold(self) -> Claim:
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        if not bounds or bounds != sorted(bounds):
            raise ValueError(f"claim {self.id}: requires at_least, at_most or both, with at_least <= at_most")
        return self

    def allows(self, value: float) -> bool:
        """Return whether the claim holds at a value."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True)
class Measured:
    """A measured value with its interval and number of replicates.

    Attributes:
        value: The statistic; NaN if it cannot be computed.
        low: Lower end of the interval that `Claim.statistic` names.
        high: Upper end of the interval.
        n_replicates: Number of replicates, networks, images or initialisations behind the value; the smallest one if
            several groups are compared; EXACT for a value without sampling.
    """

    value: float
    low: float
    high: float
    n_replicates: int


NOTHING = Measured(math.nan, math.nan, math.nan, 0)


def read_claims(path: str | Path) -> list[Claim]:
    """Read the claims of a YAML file.

    Raises:
        pydantic.ValidationError: A claim has a wrong or missing key.
        ValueError: Two claims have the same id.
    """
    claims = TypeAdapter(Annotated[list[Claim], Field(min_length=1)]).validate_python(
        yaml.safe_load(Path(path).read_text("utf-8"))
    )
    names = [claim.id for claim in claims]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{path}: duplicate claim id {', '.join(sorted(repeated))}; each id must be unique")
    return claims


def verdict(claim: Claim, measured: Measured) -> str:
    """Return one of VERDICTS: the claim holds on the whole interval, on a part of it, or nowhere on it.

    With fewer than LEAST_REPLICATES replicates, or without an interval, the verdict is "not enough runs".
    """
    interval = (measured.low, measured.value, measured.high)
    if measured.n_replicates < LEAST_REPLICATES or any(map(math.isnan, interval)):
        return "not enough runs"
    if all(map(claim.allows, interval)):
        return "reproduced"
    # An interval that covers both thresholds contains allowed values even if both of its ends violate the claim.
    below = claim.at_least is not None and measured.high < claim.at_least
    above = claim.at_most is not None and measured.low > claim.at_most
    return "not reproduced" if below or above else "partly"


class Missing(LookupError):
    """A table lacks the rows that a claim is about."""


def rows(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Select the rows whose columns have these values; raises Missing if there are none."""
    for column, value in values.items():
        table = table[table[column] == value]
    if table.empty:
        raise Missing(values)
    return table


def last(table: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of the last step; raises Missing if the table is empty."""
    if table.empty:
        raise Missing
    return table[table["step"] == table["step"].max()]


def band(row: pd.Series, column: str) -> Measured:
    """Read the median, 10th and 90th percentile over replicates of a column from a row."""
    return Measured(*(row[f"{column}_{part}"] for part in ("median", "p10", "p90")), int(row["n_replicates"]))


def student(values: np.ndarray) -> Measured:
    """Compute the mean over replicates with its 95 % Student interval."""
    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n) if n > 1 else math.nan
    return Measured(values.mean(), values.mean() - half, values.mean() + half, n)


def extreme(pick: Callable, parts: list[Measured]) -> Measured:
    """Pick the part with the largest or smallest value (`pick`: max or min), with the smallest n of all parts."""
    if not parts:
        raise Missing
    worst = pick(parts, key=lambda part: part.value)
    return Measured(worst.value, worst.low, worst.high, min(part.n_replicates for part in parts))


def bootstrap(name: str, statistic: Callable[..., float], *samples: np.ndarray) -> Measured:
    """Compute a statistic of samples of replicates with its 95 % percentile bootstrap interval.

    Args:
        name: Name of the random stream.
        statistic: Function of the samples.
        samples: One array of replicates per group.
    """
    n = min(map(len, samples))
    value = statistic(*samples)
    if n < LEAST_REPLICATES:
        return Measured(value, math.nan, math.nan, n)
    rng = generator("claims", name)
    drawn = [statistic(*(rng.choice(sample, len(sample)) for sample in samples)) for _ in range(2000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Measured(value, low, high, n)
