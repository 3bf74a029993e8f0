"""Steps to learn a parity, by its size.

Columns:
    learner, n_features
    encoding: `signed`: inputs in {-1, +1}; `binary`: inputs in {0, 1}
    subset_size, seed
    threshold: accuracy to reach, exact over all 2^d inputs
    steps: updates completed at the first evaluation with at least this accuracy; empty if there is none
    n_steps: updates of the whole run
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import first_step_reaching, read_histories, read_tables

THRESHOLDS = (0.9, 0.99, 1.0)


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Find the first evaluation at each threshold, for every run.

    Args:
        inputs: `history` and `runs`, paths of both kinds of files.
        problems: `n_features`, `encoding` and `n_steps` of each problem.

    Returns:
        The table that `Columns` describes, one row per run and threshold.
    """
    history = read_histories(inputs["history"], "accuracy")
    run = ["problem", "learner", "trial"]
    runs = read_tables(inputs["runs"])[[*run, "subset_size", "seed"]]
    parts = []
    for threshold in THRESHOLDS:
        # The evaluation of step t comes after the update of step t, so t + 1 updates are done.
        steps = first_step_reaching(history, run, "accuracy", threshold) + 1
        parts.append(runs.merge(steps.rename("steps").reset_index(), on=run).assign(threshold=threshold))
    table = pd.concat(parts, ignore_index=True)
    for key in ("n_features", "encoding", "n_steps"):
        table[key] = table["problem"].map(lambda name, key=key: problems[name][key])
    columns = ["learner", "n_features", "encoding", "subset_size", "seed", "threshold", "steps", "n_steps"]
    return table[columns].sort_values(columns[:6], ignore_index=True)
