"""Reading artifacts and summarising them; every family's tables are built from these.

Shared columns:
    family, problem, learner: names in the configuration
    trial: name of the trial: a target, a learning rate, a noise setting and a start
    seed: seed of the replicate
    rate_factor: factor of the learner's learning rate
    step: step of the evaluation
    n_replicates: number of replicates
    n_features: d, the number of bits or other inputs
    subset_size: |v*|, the number of relevant bits
    tuple_length: k, the number of images per tuple
    n_stocks: k, the number of stocks
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats


def read_histories(paths: Iterable[str | Path], metric: str) -> pd.DataFrame:
    """The rows of one metric of several histories, with the column `value` named after the metric."""
    columns = ["problem", "learner", "trial", "seed", "step", "value"]
    parts = [pd.read_parquet(path, columns=columns, filters=[("metric", "==", metric)]) for path in paths]
    return pd.concat(parts, ignore_index=True).rename(columns={"value": metric})


def read_tables(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Several CSV tables of the same columns, one below the other."""
    return pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)


def published_curves(path: str | Path, figure: int, quantity: str) -> pd.DataFrame:
    """Curves of a figure of the paper: columns series, x and one named after the quantity."""
    curves = pd.read_csv(path).query("figure == @figure and quantity == @quantity")
    return curves[["series", "x", "value"]].rename(columns={"value": quantity}).reset_index(drop=True)


def replicate_band(table: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Median and 10th to 90th percentile of `value` over the replicates in each group.

    Returns the columns `by`, VALUE_median, VALUE_p10, VALUE_p90 and n_replicates.
    """
    grouped = table.groupby(by, observed=True)[value]
    quantiles = grouped.quantile([0.1, 0.5, 0.9]).unstack()
    band = pd.DataFrame(
        {
            f"{value}_median": quantiles[0.5],
            f"{value}_p10": quantiles[0.1],
            f"{value}_p90": quantiles[0.9],
            "n_replicates": grouped.size(),
        }
    )
    return band.reset_index()


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of Wilson for the probability of a success."""
    interval = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    return interval.low, interval.high


def first_step_reaching(history: pd.DataFrame, by: list[str], value: str, threshold: float) -> pd.Series:
    """First evaluated step at which `value` is at least `threshold`, for each group; NaN where never."""
    reached = history[history[value] >= threshold].groupby(by, observed=True)["step"].min()
    groups = pd.MultiIndex.from_frame(history[by].drop_duplicates())
    return reached.astype(np.float64).reindex(groups)
