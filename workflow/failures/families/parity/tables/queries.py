"""Steps to learn a parity from noisy and quantised gradients.

Columns:
    learner, n_features, subset_size, seed
    noise: standard deviation of the Gaussian noise in each component of the gradient
    tolerance: largest error of each component of the gradient; components are rounded to multiples of twice this value
    steps: updates completed at the first evaluation with an accuracy of at least 0.99, exact over all inputs; empty if
        there is none
    n_steps: updates of the whole run
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import first_step_reaching, read_histories, read_tables

THRESHOLD = 0.99


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Find the first evaluation with an accuracy of at least 0.99, for every run.

    Args:
        inputs: `history` and `runs`, paths of both kinds of files.
        problems: `n_features` and `n_steps` of each problem.

    Returns:
        The table that `Columns` describes, one row per run.
    """
    run = ["problem", "learner", "trial"]
    history = read_histories(inputs["history"], "accuracy")
    steps = first_step_reaching(history, run, "accuracy", THRESHOLD) + 1
    runs = read_tables(inputs["runs"])[[*run, "subset_size", "seed", "noise", "tolerance"]]
    table = runs.merge(steps.rename("steps").reset_index(), on=run, validate="one_to_one")
    for key in ("n_features", "n_steps"):
        table[key] = table["problem"].map(lambda name, key=key: problems[name][key])
    columns = ["learner", "n_features", "subset_size", "seed", "noise", "tolerance", "steps", "n_steps"]
    return table[columns].sort_values(["learner", "n_features", "noise", "tolerance", "seed"], ignore_index=True)
