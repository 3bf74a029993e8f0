"""Table of the figure curve_errors: errors along training, and at its end against the number of curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import read_histories, read_tables, replicate_band

METRICS = ("error", "breakpoint_error")
# Evaluations of a run that fall into the same tenth of a decade of steps are summarised by their median: Adam's steps
# keep the errors jumping by orders of magnitude.
BINS = 10


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Medians and bands of both errors of every learner.

    inputs: `history` (files of runs along training) and `runs` (files of runs with several numbers of curves).
    Returns columns stage (training, samples), problem, learner, step (empty for samples; the last of each tenth of a
    decade, over whose evaluations a run's median is taken), n_curves (empty for training), NAME_median, NAME_p10 and
    NAME_p90 with NAME `error` (of decoded curves, relative to their squares) and `breakpoint_error` (of the slope
    changes at the breakpoints, likewise), and n_replicates.
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
    """One row for each run and bin of steps: the median of the metric, at the last step of the bin."""
    bins = np.floor(np.log10(history["step"] + 1) * BINS)
    by = ["problem", "learner", "instance", bins.rename("bin")]
    return history.groupby(by).agg({"step": "max", metric: "median"}).reset_index()


def _bands(tables: dict[str, pd.DataFrame], by: list[str]) -> pd.DataFrame:
    bands = [replicate_band(table, by, metric).set_index([*by, "n_replicates"]) for metric, table in tables.items()]
    return pd.concat(bands, axis=1).reset_index()
