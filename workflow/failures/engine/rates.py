"""Sweeps of the learning rate: each trial of a problem once for each of its `rate_factors`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def with_rate_factors(instances: pd.DataFrame, rate_factors: Sequence[float] = (1.0,)) -> pd.DataFrame:
    """Repeat every trial for each multiple of the learner's learning rate, in a new column `rate_factor`.

    Instances keep their names where there is a single factor, and get it in front of them otherwise, so that runs
    of other rates draw other weights and data where these go by the trial's name.
    """
    factors = pd.DataFrame({"rate_factor": [float(factor) for factor in rate_factors]})
    table = instances.merge(factors, how="cross")
    if len(rate_factors) > 1:
        table["trial"] = [f"rate_{row.rate_factor:g}_{row.trial}" for row in table.itertuples()]
    return table
