"""Table of the figure bias_sensitivity: how often the non-flat approximation learns."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_tables, wilson

# Unexplained variance below which a run has learnt.
LEARNT = 0.1


def tabulate(inputs: dict[str, Any], learners: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Share of the runs that learn, for every slope and initial bias.

    inputs: `runs` (files). learners: `slope` and `relative` of each. Returns columns learner, slope, relative,
    initial_bias (from b*), success (share of runs with less than a tenth of the variance unexplained at the end),
    success_low, success_high (95 % interval of Wilson), unexplained_median, exact_by_u_median (share of right
    steps of u(<w, x> + b) with the w and b that were found) and n_replicates.
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
