"""Success rate of end-to-end training.

Columns:
    problem, learner, tuple_length, seed, step
    accuracy: share of tuples classified correctly
    ceiling: highest possible accuracy
    threshold: accuracy half way from 1/2 to the ceiling
    learnt_at: updates completed at the first evaluation with an accuracy of at least `threshold`; inf if there is none
    success: share of replicates that reach the threshold
    success_low, success_high: 95 % interval of this share (Wilson)
    n_replicates: number of runs
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import first_step_reaching, read_histories, wilson
from failures.families.lines.theory import ceilings


def tabulate(inputs: dict[str, Any], tuple_lengths: dict[str, int]) -> pd.DataFrame:
    """Find when each run reaches the threshold, and compute the success rate.

    Args:
        inputs: `history`, paths of histories, and `pool`, the path of the images.
        tuple_lengths: k of each problem.

    Returns:
        The table that `Columns` describes, one row per evaluation of a run.
    """
    limits = ceilings(inputs["pool"], tuple_lengths.values())
    history = read_histories(inputs["history"], "accuracy")
    tables = []
    for (_, problem), group in history.groupby(["learner", "problem"]):
        limit = limits[tuple_lengths[problem]]
        threshold = 0.5 + (limit - 0.5) / 2
        learnt_at = 1 + first_step_reaching(group, ["trial"], "accuracy", threshold)
        learnt_at.index = learnt_at.index.get_level_values("trial")
        n, successes = len(learnt_at), int(learnt_at.notna().sum())
        low, high = wilson(successes, n)
        table = group[["problem", "learner", "seed", "step", "accuracy"]].assign(ceiling=limit, threshold=threshold)
        table.insert(2, "tuple_length", tuple_lengths[problem])
        table["learnt_at"] = group["trial"].map(learnt_at.fillna(np.inf))
        tables.append(table.assign(success=successes / n, success_low=low, success_high=high, n_replicates=n))
    return pd.concat(tables, ignore_index=True)
