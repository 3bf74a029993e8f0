"""Accuracy on random parities, and the steps that each run takes to a perfect evaluation.

Columns:
    part: `curve`: accuracy over replicates; `run`: one run; `published`: a curve digitised from the paper's Figure 1
    learner: name in the configuration; empty for published curves
    n_features
    seed: replicate (`run`)
    step: step of the evaluation (`curve`, `published`)
    accuracy_median, accuracy_p10, accuracy_p90: accuracy over replicates; a published curve is a single run
    steps: updates completed at the first evaluation with an accuracy of 1; empty if there is none (`run`)
    n_replicates: number of replicates (`curve`, `published`)
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import first_step_reaching, published_curves, read_histories, replicate_band

COLUMNS = ["part", "learner", "n_features", "seed", "step", "accuracy_median", "accuracy_p10", "accuracy_p90"]
COLUMNS += ["steps", "n_replicates"]


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Compute the band of the accuracy at every evaluation and the steps of every run; append the published curves.

    Args:
        inputs: `history`, paths of histories, and `published`, the path of the digitised curves.
        problems: `n_features` of each problem.

    Returns:
        The table that `Columns` describes, with the published curves for the values of d of the problems.
    """
    history = read_histories(inputs["history"], "accuracy")
    history["n_features"] = history["problem"].map(lambda name: problems[name]["n_features"])
    curves = replicate_band(history, ["learner", "n_features", "step"], "accuracy")
    run = ["learner", "n_features", "seed", "problem", "trial"]
    runs = (first_step_reaching(history, run, "accuracy", 1.0) + 1).rename("steps").reset_index().sort_values(run)
    published = published_curves(inputs["published"], figure=1, quantity="accuracy")
    published = pd.DataFrame(
        {
            "n_features": published["series"].str.removeprefix("d=").astype(int),
            "step": published["x"],
            "accuracy_median": published["accuracy"],
            "n_replicates": 1,
        }
    )
    published = published[published["n_features"].isin(curves["n_features"])]
    parts = {"curve": curves, "run": runs, "published": published}
    table = pd.concat([rows.assign(part=part) for part, rows in parts.items()], ignore_index=True)[COLUMNS]
    counts = ["seed", "steps", "n_replicates"]
    return table.astype(dict.fromkeys(counts, "Int64"))
