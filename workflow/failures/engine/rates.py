"""Learning-rate sweeps: repeat each trial of a problem for each of its `rate_factors`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def with_rate_factors(instances: pd.DataFrame, rate_factors: Sequence[float] = (1.0,)) -> pd.DataFrame:
    """Repeat every trial once per multiple of the learner's learning rate.

    A single factor keeps the names of the trials. Otherwise each name gets its factor as a prefix, so that trials with
    different rates use different random streams wherever the key contains the name.

    Args:
        instances: Table with the column `trial`.
        rate_factors: Multiples of the learning rate.

    Returns:
        The table with the additional column `rate_factor` and len(rate_factors) rows per row of `instances`.
    """
    factors = pd.DataFrame({"rate_factor": [float(factor) for factor in rate_factors]})
    table = instances.merge(factors, how="cross")
    if len(rate_factors) > 1:
        table["trial"] = [f"rate_{row.rate_factor:g}_{row.trial}" for row in table.itertuples()]
    return table
