"""Table of the figure success: how often end-to-end training learns, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.lines.tables.fig3 import label_noise
from failures.lines.problem import ceiling
from failures.tables import first_step_reaching, read_histories, wilson


def tabulate(inputs: dict[str, Any], tuple_lengths: dict[str, int]) -> pd.DataFrame:
    """Accuracy of every run at every evaluation, and whether it has learnt.

    inputs: `history` (files) and `pool` (file). tuple_lengths: k of each problem. A run has learnt when its test accuracy
    first is half way from chance to the ceiling, the `threshold`.
    Returns columns learner, tuple_length, seed, step, accuracy, ceiling, threshold, learnt_at (updates, inf for a run that
    never has), success (share of a learner's runs on a problem that have), success_low, success_high (95 % interval of
    Wilson) and n_replicates.
    """
    error = label_noise(np.load(inputs["pool"], mmap_mode="r"))
    history = read_histories(inputs["history"], "accuracy")
    tables = []
    for (learner, problem), group in history.groupby(["learner", "problem"]):
        limit = ceiling(error, tuple_lengths[problem])
        threshold = 0.5 + (limit - 0.5) / 2
        learnt_at = 1 + first_step_reaching(group, ["instance"], "accuracy", threshold)
        learnt_at.index = learnt_at.index.get_level_values("instance")
        n, successes = len(learnt_at), int(learnt_at.notna().sum())
        low, high = wilson(successes, n)
        table = pd.DataFrame({"learner": learner, "tuple_length": tuple_lengths[problem]}, index=group.index)
        table = table.join(group[["seed", "step", "accuracy"]])
        table = table.assign(ceiling=limit, threshold=threshold)
        table["learnt_at"] = group["instance"].map(learnt_at.fillna(np.inf))
        tables.append(table.assign(success=successes / n, success_low=low, success_high=high, n_replicates=n))
    return pd.concat(tables, ignore_index=True)
