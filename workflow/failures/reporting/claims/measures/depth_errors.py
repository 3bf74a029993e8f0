"""Errors in the table `depth_training`, shared by the measures of curves and of steps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.reporting.claims.ledger import Measured, bootstrap, rows

# Error of a diverged run: larger than all others, and finite, because quantiles of infinities would be NaN.
DIVERGED = 1e9


def errors(depth_training: pd.DataFrame, family: str, architecture: str) -> dict[int, np.ndarray]:
    """Select the final errors of an architecture: one array over replicates per depth, depths ascending.

    Of several learning rates, the one with the lowest median is used. Raises Missing if there are no such networks.
    """
    table = rows(depth_training, family=family, architecture=architecture)
    table = table.assign(value=table["value"].fillna(DIVERGED).clip(upper=DIVERGED))
    arrays = {}
    for depth, group in table.groupby("depth"):
        rates = [rate["value"].to_numpy() for _, rate in group.groupby("rate_factor")]
        arrays[int(depth)] = min(rates, key=np.median)
    return arrays


def median(name: str, values: np.ndarray) -> Measured:
    """Compute the median over replicates with its bootstrap interval. name: name of the random stream."""
    return bootstrap(name, np.median, values)


def quotient(name: str, values: np.ndarray, others: np.ndarray) -> Measured:
    """Compute the median of `values` over that of `others`, with its bootstrap interval."""
    return bootstrap(name, lambda a, b: float(np.median(a) / np.median(b)), values, others)
