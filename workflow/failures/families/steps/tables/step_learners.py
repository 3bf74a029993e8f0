"""Table of the figure step_learners: accuracy, cost and speed of every learner."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import read_histories, read_tables, replicate_band
from failures.families.steps.problem import costs

# Quantities of the end of training, by the metric that each is one minus, or is.
FINAL = {"unexplained": "unexplained", "absolute": "absolute", "wrong": "exact", "wrong_near": "exact_near"}
NEVER = 1e18
BY = ["learner", "kind", "quantity"]


def tabulate(
    inputs: dict[str, Any], n_features: int, learners: dict[str, dict[str, Any]], targets: list[float]
) -> pd.DataFrame:
    """Unexplained variance along training, then the numbers of each learner.

    inputs: `history` and `runs` (files). n_features: d. learners: `kind`, `depth`, `width`, `n_logits` and
    `batch_size` of each. targets: unexplained variances that updates and samples are counted to.
    Returns columns stage (training, summary), learner, kind, step (of training), quantity, value_median, value_p10,
    value_p90 and n_replicates. Quantities: `unexplained` (mean squared error over the variance), `absolute` (mean
    absolute error), `wrong` and `wrong_near` (shares of wrong steps, of all and of those near a boundary),
    `parameters`, `multiply_adds`, and `updates_to_X` and `samples_to_X` for each target (inf: not reached).
    """
    history = read_histories(inputs["history"], "unexplained")
    history["kind"] = history["learner"].map(lambda name: learners[name]["kind"])
    curves = replicate_band(history.rename(columns={"unexplained": "value"}), ["learner", "kind", "step"], "value")
    curves = curves.assign(stage="training", quantity="unexplained")
    rows = [*_final(read_tables(inputs["runs"])), *_speed(history, learners, targets)]
    summary = pd.DataFrame(rows, columns=["learner", "quantity", "value"])
    summary["kind"] = summary["learner"].map(lambda name: learners[name]["kind"])
    # Quantiles of infinities would be NaN.
    summary["value"] = summary["value"].clip(upper=NEVER)
    summary = replicate_band(summary, BY, "value")
    bands = ["value_median", "value_p10", "value_p90"]
    summary[bands] = summary[bands].where(summary[bands] < NEVER / 1e3, np.inf)
    fixed = [
        (name, learner["kind"], quantity, *[number] * 3)
        for name, learner in learners.items()
        for quantity, number in _costs(n_features, learner).items()
    ]
    fixed = pd.DataFrame(fixed, columns=[*BY, "value_median", "value_p10", "value_p90"])
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
    """Updates and samples until a run first has at most a target left to explain; inf where it never has."""
    rows = []
    for (name, _), run in history.groupby(["learner", "instance"]):
        for target in targets:
            reached = run.loc[run["unexplained"] <= target, "step"]
            updates = float(reached.min() + 1) if len(reached) else np.inf
            rows.append((name, f"updates_to_{target:g}", updates))
            rows.append((name, f"samples_to_{target:g}", updates * learners[name]["batch_size"]))
    return rows
