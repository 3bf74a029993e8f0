"""What the measures of curves and of steps share that read the joint table `depth_training`; it measures no claim."""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.verdicts.ledger import Measured, bootstrap, rows

# The error of a run that diverged: larger than all others, and finite, because quantiles of infinities would be NaN.
DIVERGED = 1e9


def errors(depth_training: pd.DataFrame, family: str, architecture: str) -> dict[int, np.ndarray]:
    """Errors at the end, one a replicate, of a family's networks of an architecture: by depth, ascending.

    Of several learning rates the one with the lowest median counts. Missing if there are no such networks.
    """
    table = rows(depth_training, family=family, architecture=architecture)
    table = table.assign(value=table["value"].fillna(DIVERGED).clip(upper=DIVERGED))
    found = {}
    for depth, group in table.groupby("depth"):
        rates = [rate["value"].to_numpy() for _, rate in group.groupby("rate_factor")]
        found[int(depth)] = min(rates, key=np.median)
    return found


def median(name: str, values: np.ndarray) -> Measured:
    """Median over replicates with its bootstrap interval. name: of the random stream."""
    return bootstrap(name, np.median, values)


def quotient(name: str, values: np.ndarray, others: np.ndarray) -> Measured:
    """Median of `values` over that of `others`, with its bootstrap interval."""
    return bootstrap(name, lambda a, b: float(np.median(a) / np.median(b)), values, others)
