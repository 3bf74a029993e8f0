"""Functions that read artifacts and summarise them for the tables of all families.

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
    """Read the rows of one metric from several histories.

    Args:
        paths: Parquet files of histories.
        metric: Name of the metric.

    Returns:
        Columns problem, learner, trial, seed, step and METRIC, one row per evaluation.
    """
    columns = ["problem", "learner", "trial", "seed", "step", "value"]
    parts = [pd.read_parquet(path, columns=columns, filters=[("metric", "==", metric)]) for path in paths]
    return pd.concat(parts, ignore_index=True).rename(columns={"value": metric})


def read_tables(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read several CSV tables with the same columns and concatenate their rows.

    Args:
        paths: CSV files.
    """
    return pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)


def published_curves(path: str | Path, figure: int, quantity: str) -> pd.DataFrame:
    """Read the curves of a figure of the paper.

    Args:
        path: CSV file of the digitised curves.
        figure: Number of the figure in the paper.
        quantity: Quantity on the y axis.

    Returns:
        Columns series, x and QUANTITY, one row per point.
    """
    curves = pd.read_csv(path).query("figure == @figure and quantity == @quantity")
    return curves[["series", "x", "value"]].rename(columns={"value": quantity}).reset_index(drop=True)


def replicate_band(table: pd.DataFrame, keys: list[str], value: str) -> pd.DataFrame:
    """Compute the median and the 10th and 90th percentile over the replicates of each group.

    Args:
        table: One row per replicate and group.
        keys: Columns that define the groups.
        value: Column to summarise.

    Returns:
        Columns `keys`, VALUE_median, VALUE_p10, VALUE_p90 and n_replicates, one row per group.
    """
    grouped = table.groupby(keys, observed=True)[value]
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
    """Compute the 95 % Wilson interval of a success probability.

    Args:
        successes: Number of successes.
        trials: Number of trials, at least 1.

    Returns:
        Lower and upper end of the interval.
    """
    interval = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    return interval.low, interval.high


def first_step_reaching(history: pd.DataFrame, keys: list[str], value: str, threshold: float) -> pd.Series:
    """Return the first evaluated step at which a column is at least a threshold, for each group.

    Args:
        history: One row per evaluation, with the column step.
        keys: Columns that define the groups.
        value: Column to compare.
        threshold: The threshold.

    Returns:
        Steps, indexed by `keys`; NaN for groups that never reach the threshold.
    """
    reached = history[history[value] >= threshold].groupby(keys, observed=True)["step"].min()
    groups = pd.MultiIndex.from_frame(history[keys].drop_duplicates())
    return reached.astype(np.float64).reindex(groups)
