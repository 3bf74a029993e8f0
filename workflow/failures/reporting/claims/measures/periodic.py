"""Claims about linear-periodic targets (Theorem 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.reporting.claims.ledger import Measured, Missing, band, extreme, last, rows


def theorem_2_variance_falls(linear_periodic_variance: pd.DataFrame) -> Measured:
    """Measure the factor per dimension of the gradient's variance along r = sqrt(d): largest of the networks."""
    slopes = rows(linear_periodic_variance, quantity="slope", line="both", wave="cosine", method="quadrature")
    parts = []
    for row in slopes.itertuples():
        points = rows(linear_periodic_variance, quantity="variance", line="both", learner=row.learner, wave="cosine")
        ends = row.value + np.array([0, -2, 2]) * row.standard_error
        parts.append(Measured(*np.exp(ends), int(points["n_features"].nunique())))
    return extreme(max, parts)


def _unexplained(linear_periodic: pd.DataFrame, pick, **selected: object) -> Measured:
    """Compute the unexplained variance at the end, d = 30: extreme over r of at least 1 (`pick`: min or max)."""
    table = rows(linear_periodic, n_features=30, **selected)
    table = table[table["norm"] >= 1]
    if table.empty:
        raise Missing
    parts = [band(last(group).iloc[0], "unexplained") for _, group in table.groupby("norm")]
    return extreme(pick, parts)


def periodic_not_learnt(linear_periodic: pd.DataFrame) -> Measured:
    """Measure the smallest unexplained variance of a cosine."""
    return _unexplained(linear_periodic, min, wave="cosine")


def linear_control_learnt(linear_periodic: pd.DataFrame) -> Measured:
    """Measure the largest unexplained variance of a linear function of the projection on v."""
    return _unexplained(linear_periodic, max, wave="linear")
