"""Table of the figure success: how often end-to-end training learns, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import first_step_reaching, read_histories, wilson
from failures.families.lines.theory import ceilings


def tabulate(inputs: dict[str, Any], tuple_lengths: dict[str, int]) -> pd.DataFrame:
    """Accuracy of every run at every evaluation, and whether it has learnt.

    inputs: `history` (files) and `pool` (file). tuple_lengths: k of each problem. A run has learnt when its test
    accuracy first is half way from chance to the ceiling, the `threshold`.
    Returns columns problem, learner, tuple_length, seed, step, accuracy, ceiling, threshold, learnt_at (updates; inf
    for a run that never has), success (share of a learner's runs on a problem that have), success_low and
    success_high (95 % interval of Wilson), and n_replicates.
    """
    limits = ceilings(inputs["pool"], tuple_lengths.values())
    history = read_histories(inputs["history"], "accuracy")
    tables = []
    for (_, problem), group in history.groupby(["learner", "problem"]):
        limit = limits[tuple_lengths[problem]]
        threshold = 0.5 + (limit - 0.5) / 2
        learnt_at = 1 + first_step_reaching(group, ["instance"], "accuracy", threshold)
        learnt_at.index = learnt_at.index.get_level_values("instance")
        n, successes = len(learnt_at), int(learnt_at.notna().sum())
        low, high = wilson(successes, n)
        table = group[["problem", "learner", "seed", "step", "accuracy"]].assign(ceiling=limit, threshold=threshold)
        table.insert(2, "tuple_length", tuple_lengths[problem])
        table["learnt_at"] = group["instance"].map(learnt_at.fillna(np.inf))
        tables.append(table.assign(success=successes / n, success_low=low, success_high=high, n_replicates=n))
    return pd.concat(tables, ignore_index=True)
