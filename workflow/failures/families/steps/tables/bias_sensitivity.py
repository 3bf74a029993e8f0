"""Success rate by initial bias.

Columns:
    learner
    slope: slope c of the sigmoids in ũ
    relative: whether the slope is divided by the height of each step
    initial_bias: b - b* before training
    success: share of runs with an unexplained variance below 0.1 at the end
    success_low, success_high: 95 % interval of this share (Wilson)
    unexplained_median: unexplained variance at the end
    exact_by_u_median: share of samples with u(⟨w, x⟩ + b) = y at the end
    n_replicates: number of runs
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_tables, wilson

# A run succeeds if its unexplained variance is below this value.
LEARNT = 0.1


def tabulate(inputs: dict[str, Any], learners: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Compute the success rate for every slope and initial bias.

    Args:
        inputs: `runs`, paths of the tables of runs.
        learners: `slope` and `relative` of each learner.

    Returns:
        The table that `Columns` describes.
    """
    runs = read_tables(inputs["runs"])
    runs["initial_bias"] = (runs["initial_bias"] - runs["bias"]).round(9)
    rows = []
    for (name, bias), group in runs.groupby(["learner", "initial_bias"]):
        learnt = int((group["final_unexplained"] < LEARNT).sum())
        low, high = wilson(learnt, len(group))
        medians = group[["final_unexplained", "final_exact_by_u"]].median()
        rows.append((name, *learners[name].values(), bias, learnt / len(group), low, high, *medians, len(group)))
    columns = ["initial_bias", "success", "success_low", "success_high", "unexplained_median", "exact_by_u_median"]
    return pd.DataFrame(rows, columns=["learner", *next(iter(learners.values())), *columns, "n_replicates"])
