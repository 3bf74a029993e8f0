"""Table of the figure queries: steps to learn a parity from gradients that are told only roughly."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import first_step_reaching, read_histories, read_tables

THRESHOLD = 0.99


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Steps of every run to an accuracy of .99.

    inputs: `history` and `runs` (files). problems: `n_features` and `n_steps` of each problem.
    Returns one row a run: learner, n_features, subset_size, seed, noise (standard deviation, in every weight),
    tolerance (largest error, in every weight), steps (updates done at the first evaluation at or above the
    threshold; empty if there was none) and n_steps (updates that the run had).
    """
    run = ["problem", "learner", "instance"]
    history = read_histories(inputs["history"], "accuracy")
    steps = first_step_reaching(history, run, "accuracy", THRESHOLD) + 1
    runs = read_tables(inputs["runs"])[[*run, "subset_size", "seed", "noise", "tolerance"]]
    table = runs.merge(steps.rename("steps").reset_index(), on=run, validate="one_to_one")
    for key in ("n_features", "n_steps"):
        table[key] = table["problem"].map(lambda name, key=key: problems[name][key])
    columns = ["learner", "n_features", "subset_size", "seed", "noise", "tolerance", "steps", "n_steps"]
    return table[columns].sort_values(["learner", "n_features", "noise", "tolerance", "seed"], ignore_index=True)
