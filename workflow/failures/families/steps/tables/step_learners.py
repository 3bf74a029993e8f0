"""Error and cost of the step learners.

Columns:
    stage: `training`: during training; `summary`: one value per learner
    learner, kind: name and kind in the configuration
    step: step of the evaluation (`training`)
    quantity: name of the quantity, as listed below
    value_median, value_p10, value_p90: value over replicates
    n_replicates: number of runs; empty for quantities that do not depend on the run

Quantities:
    unexplained: unexplained variance
    absolute: mean absolute error
    wrong: share of predictions whose nearest step is not the correct one
    wrong_near: the same share, over samples within 0.1 standard deviations of r from a boundary between steps
    parameters: number of parameters
    multiply_adds: multiply-adds per prediction
    updates_to_X, samples_to_X: updates and samples until the unexplained variance is at most X; inf if not reached
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import read_histories, read_tables, replicate_band
from failures.families.steps.problem import costs

# Metric of each quantity at the end of training; `wrong` quantities are one minus the metric.
FINAL = {"unexplained": "unexplained", "absolute": "absolute", "wrong": "exact", "wrong_near": "exact_near"}
NEVER = 1e18
KEYS = ["learner", "kind", "quantity"]


def tabulate(
    inputs: dict[str, Any], n_features: int, learners: dict[str, dict[str, Any]], targets: list[float]
) -> pd.DataFrame:
    """Compute the unexplained variance during training, then the costs and final errors of each learner.

    Args:
        inputs: `history` and `runs`, paths of both kinds of files.
        n_features: Dimension d of the inputs.
        learners: `kind`, `depth`, `width`, `n_logits` and `batch_size` of each learner.
        targets: Levels of the unexplained variance to which updates and samples are counted.

    Returns:
        The table that `Columns` describes.
    """
    history = read_histories(inputs["history"], "unexplained")
    history["kind"] = history["learner"].map(lambda name: learners[name]["kind"])
    curves = replicate_band(history.rename(columns={"unexplained": "value"}), ["learner", "kind", "step"], "value")
    curves = curves.assign(stage="training", quantity="unexplained")
    rows = [*_final(read_tables(inputs["runs"])), *_speed(history, learners, targets)]
    summary = pd.DataFrame(rows, columns=["learner", "quantity", "value"])
    summary["kind"] = summary["learner"].map(lambda name: learners[name]["kind"])
    # Quantiles of infinite values would be NaN.
    summary["value"] = summary["value"].clip(upper=NEVER)
    summary = replicate_band(summary, KEYS, "value")
    bands = ["value_median", "value_p10", "value_p90"]
    summary[bands] = summary[bands].where(summary[bands] < NEVER / 1e3, np.inf)
    fixed = [
        (name, learner["kind"], quantity, *[number] * 3)
        for name, learner in learners.items()
        for quantity, number in _costs(n_features, learner).items()
    ]
    fixed = pd.DataFrame(fixed, columns=[*KEYS, "value_median", "value_p10", "value_p90"])
    table = pd.concat([curves, pd.concat([summary, fixed]).assign(stage="summary")], ignore_index=True)
    table[["step", "n_replicates"]] = table[["step", "n_replicates"]].astype("Int64")
    columns = ["stage", "learner", "kind", "step", "quantity", "value_median", "value_p10", "value_p90", "n_replicates"]
    return table[columns]


def _costs(n_features: int, learner: dict[str, Any]) -> dict[str, int]:
    return costs(learner["kind"], n_features, learner["width"], learner["n_logits"], learner.get("depth"))


def _final(runs: pd.DataFrame) -> list[tuple[str, str, float]]:
    rows = []
    for quantity, metric in FINAL.items():
        values = runs[f"final_{metric}"]
        values = 1 - values if quantity.startswith("wrong") else values
        rows += list(zip(runs["learner"], [quantity] * len(runs), values, strict=True))
    return rows


def _speed(
    history: pd.DataFrame, learners: dict[str, dict[str, Any]], targets: list[float]
) -> list[tuple[str, str, float]]:
    """Count updates and samples until the unexplained variance of a run is at most a target; inf if not reached."""
    rows = []
    for (name, _), run in history.groupby(["learner", "trial"]):
        for target in targets:
            reached = run.loc[run["unexplained"] <= target, "step"]
            updates = float(reached.min() + 1) if len(reached) else np.inf
            rows.append((name, f"updates_to_{target:g}", updates))
            rows.append((name, f"samples_to_{target:g}", updates * learners[name]["batch_size"]))
    return rows
