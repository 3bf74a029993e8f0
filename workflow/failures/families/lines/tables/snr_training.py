"""Table of the figure snr_training: signal-to-noise ratio along training, and what it says at the start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

# What a learner's own gradient is called among the methods of `failures.families.lines.analyses.signal`.
OWN = {"end_to_end": "end_to_end", "decomposition": "joint"}


def tabulate(inputs: dict[str, Any], methods: dict[str, str]) -> pd.DataFrame:
    """The SNR of every network that was kept, and beside that of the start when the run has learnt.

    inputs: `trained` and `success` (tables of `failures.families.lines.analyses.trained_signal`) and `learnt` (table of the figure
    success). methods: of each learner.
    Returns columns part (training, start, correlation), learner, method (whose gradient), own (whether the learner
    follows it), tuple_length, seed, updates, snr, standard_error, learnt_at (of `start`: updates, inf for never), and
    of `correlation`, over the starts of a length: rank_correlation (Kendall's tau of snr and learnt_at, never being
    last; empty if no two runs differ) and p_value.
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
        found = (np.nan, np.nan)
        if group["learnt_at"].min() < group["learnt_at"].max():
            found = stats.kendalltau(group["snr"], group["learnt_at"].rank())
        correlations.append((learner, length, method, bool(group["own"].iloc[0]), *found))
    columns = ["learner", "tuple_length", "method", "own", "rank_correlation", "p_value"]
    correlations = pd.DataFrame(correlations, columns=columns).assign(part="correlation")
    table = pd.concat([table, correlations], ignore_index=True)
    table[["seed", "updates"]] = table[["seed", "updates"]].astype("Int64")
    columns = ["part", "learner", "method", "own", "tuple_length", "seed", "updates", "snr", "standard_error"]
    return table[[*columns, "learnt_at", "rank_correlation", "p_value"]]
