"""Accuracy on random parities.

Columns:
    source: `ours`, or `published`: a curve digitised from the paper's Figure 1
    learner: name in `config.yaml`; empty for published curves
    n_features, step
    accuracy_median, accuracy_p10, accuracy_p90: accuracy over replicates; a published curve is a single run
    share_solved: share of replicates with an accuracy of 1 in an evaluation at this step or before
    n_replicates
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import published_curves, read_histories, replicate_band


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Median and band of the accuracy at every evaluation, then the published curves.

    inputs: `history` (files) and `published` (file). problems: `n_features` of each problem.
    Returns columns source (ours, published), learner, n_features, step, accuracy_median, accuracy_p10,
    accuracy_p90, share_solved (replicates that have been right on a whole evaluation, now or before)
    and n_replicates; a published curve is a single run, with a median alone.
    """
    history = read_histories(inputs["history"], "accuracy")
    history["n_features"] = history["problem"].map(lambda name: problems[name]["n_features"])
    history = history.sort_values(["learner", "n_features", "instance", "step"])
    run = ["learner", "problem", "instance"]
    history["solved"] = (history["accuracy"] >= 1).groupby([history[key] for key in run]).cummax()
    by = ["learner", "n_features", "step"]
    ours = replicate_band(history, by, "accuracy")
    ours["share_solved"] = history.groupby(by)["solved"].mean().to_numpy()
    published = published_curves(inputs["published"], figure=1, quantity="accuracy")
    published = pd.DataFrame(
        {
            "n_features": published["series"].str.removeprefix("d=").astype(int),
            "step": published["x"],
            "accuracy_median": published["accuracy"],
            "n_replicates": 1,
        }
    )
    published = published[published["n_features"].isin(ours["n_features"])]
    table = pd.concat([ours.assign(source="ours"), published.assign(source="published")], ignore_index=True)
    columns = ["source", *by, "accuracy_median", "accuracy_p10", "accuracy_p90", "share_solved", "n_replicates"]
    return table[columns]
