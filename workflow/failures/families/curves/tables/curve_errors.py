"""Reconstruction error.

In the stage `training`, steps are grouped into bins: ten bins per factor of 10 in the number of steps. The value of a
run in a bin is the median over its evaluations in this bin.

Columns:
    stage: `training`: errors against training steps; `samples`: errors at the end of training, against the number of
        curves
    problem, learner
    step: last step of a bin (`training`)
    n_curves: number of training curves (`samples`)
    error_median, error_p10, error_p90: squared error of the decoded validation curves, divided by the sum of their
        squares
    breakpoint_error_median, breakpoint_error_p10, breakpoint_error_p90: squared error of the changes of slope at the
        breakpoints, divided by the sum of their squares
    n_replicates: number of runs
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import read_histories, read_tables, replicate_band

METRICS = ("error", "breakpoint_error")
# Bins per factor of 10 in the number of steps. With Adam, errors vary by orders of magnitude between evaluations.
BINS = 10


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Compute medians and bands of both errors of every learner.

    Args:
        inputs: `history`, paths of the histories for the stage `training`, and `runs`, paths of the tables of runs for
            `samples`.

    Returns:
        The table that `Columns` describes.
    """
    runs = read_tables(inputs["runs"]).rename(columns={f"final_{metric}": metric for metric in METRICS})
    histories = {metric: _binned(read_histories(inputs["history"], metric), metric) for metric in METRICS}
    training = _bands(histories, ["problem", "learner", "step"])
    samples = _bands(dict.fromkeys(METRICS, runs), ["problem", "learner", "n_curves"])
    table = pd.concat([training.assign(stage="training"), samples.assign(stage="samples")], ignore_index=True)
    table[["step", "n_curves"]] = table[["step", "n_curves"]].astype("Int64")
    values = [f"{metric}_{part}" for metric in METRICS for part in ("median", "p10", "p90")]
    return table[["stage", "problem", "learner", "step", "n_curves", *values, "n_replicates"]]


def _binned(history: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Summarise the metric per run and bin of steps: its median, at the last step of the bin."""
    bins = np.floor(np.log10(history["step"] + 1) * BINS)
    keys = ["problem", "learner", "trial", bins.rename("bin")]
    return history.groupby(keys).agg({"step": "max", metric: "median"}).reset_index()


def _bands(tables: dict[str, pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    bands = [replicate_band(table, keys, metric).set_index([*keys, "n_replicates"]) for metric, table in tables.items()]
    return pd.concat(bands, axis=1).reset_index()
