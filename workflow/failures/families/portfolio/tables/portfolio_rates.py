"""Learning-rate sweep of the portfolio learners.

Columns:
    learner
    method, optimizer, learning_rate: gradient estimator; optimiser; learning rate
    n_stocks
    loss_median, loss_p10, loss_p90: expected loss at the end of training
    wrong_median, wrong_p10, wrong_p90: share of the states with more than half of the money on one wrong stock, at the
        end of training
    n_replicates: number of runs
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_tables, replicate_band


def tabulate(
    inputs: dict[str, Any], problems: dict[str, dict[str, int]], learners: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Compute the loss and the share of wrong states at the end, for every learning rate.

    Args:
        inputs: `runs`, paths of the tables of runs.
        problems: `n_stocks` of each problem.
        learners: `method` and `optimizer` of each learner.

    Returns:
        The table that `Columns` describes.
    """
    runs = read_tables(inputs["runs"])
    runs["n_stocks"] = runs["problem"].map(lambda name: problems[name]["n_stocks"])
    optimizers = runs["learner"].map(lambda name: learners[name]["optimizer"])
    runs["method"] = runs["learner"].map(lambda name: learners[name]["method"])
    runs["optimizer"] = optimizers.str["name"]
    # Rounded to twelve digits, so that 0.1 * 3 is 0.3.
    runs["learning_rate"] = [
        float(f"{rate * factor:.12g}")
        for rate, factor in zip(optimizers.str["learning_rate"], runs["rate_factor"], strict=True)
    ]
    runs = runs.rename(columns={"final_loss": "loss", "final_wrong": "wrong"})
    keys = ["learner", "method", "optimizer", "n_stocks", "learning_rate"]
    bands = [replicate_band(runs, keys, name).set_index([*keys, "n_replicates"]) for name in ("loss", "wrong")]
    table = pd.concat(bands, axis=1).reset_index()
    return table[
        [*keys, *(column for column in table if column not in keys and column != "n_replicates"), "n_replicates"]
    ]
