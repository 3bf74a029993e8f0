"""SNR during training.

Columns:
    part: `training`, `start` or `correlation`, as listed below
    learner
    method: loss, as in `gradients/lines/`
    own: whether the learner is trained with this loss; the learner `decomposition` is trained with `joint`
    tuple_length, seed
    updates: updates completed
    snr: unbiased estimate of the SNR
    standard_error: standard error of `snr`, from the samples
    learnt_at: updates until the run reaches the threshold, as in `tables/success.csv` (`start`)
    rank_correlation: Kendall's tau of `snr` and `learnt_at` (`correlation`)
    p_value: p-value of the two-sided test of this correlation

Parts:
    training: networks saved during training
    start: initial networks of the runs in `tables/success.csv`
    correlation: statistics over these initial networks
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

# Methods of `failures.families.lines.analyses.signal` by the method that trains the learner.
OWN = {"end_to_end": "end_to_end", "decomposition": "joint"}


def tabulate(inputs: dict[str, Any], methods: dict[str, str]) -> pd.DataFrame:
    """Join the SNR of the saved networks with the updates to learn, and correlate both at the start.

    Args:
        inputs: `trained` and `success`, paths of the files of `failures.families.lines.analyses.trained_signal`, and
            `learnt`, the path of the table of the figure success.
        methods: `method` of each learner.

    Returns:
        The table that `Columns` describes.
    """
    training = pd.read_csv(inputs["trained"]).assign(part="training")
    start = pd.read_csv(inputs["success"]).assign(part="start")
    learnt = pd.read_csv(inputs["learnt"])[["problem", "learner", "seed", "learnt_at"]].drop_duplicates()
    start = start.merge(learnt, on=["problem", "learner", "seed"], validate="many_to_one")
    table = pd.concat([training, start], ignore_index=True)
    table["own"] = table["learner"].map(methods).map(OWN) == table["method"]
    correlations = []
    for (learner, length, method), group in table[table["part"] == "start"].groupby(
        ["learner", "tuple_length", "method"]
    ):
        correlation = (np.nan, np.nan)
        if group["learnt_at"].min() < group["learnt_at"].max():
            correlation = stats.kendalltau(group["snr"], group["learnt_at"].rank())
        correlations.append((learner, length, method, bool(group["own"].iloc[0]), *correlation))
    columns = ["learner", "tuple_length", "method", "own", "rank_correlation", "p_value"]
    correlations = pd.DataFrame(correlations, columns=columns).assign(part="correlation")
    table = pd.concat([table, correlations], ignore_index=True)
    table[["seed", "updates"]] = table[["seed", "updates"]].astype("Int64")
    columns = ["part", "learner", "method", "own", "tuple_length", "seed", "updates", "snr", "standard_error"]
    return table[[*columns, "learnt_at", "rank_correlation", "p_value"]]
