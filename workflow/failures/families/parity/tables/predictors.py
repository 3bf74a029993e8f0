"""Accuracy of several classes of predictors after the same number of updates.

Columns:
    learner: name in the configuration; `hand_built`: the network of width d with weights set by hand
    n_features
    n_replicates: number of targets; all learners have the same targets
    n_steps: updates completed
    n_samples: evaluation samples of all replicates together; empty where evaluation is exact over all inputs
    accuracy, accuracy_min, accuracy_max: mean, minimum and maximum over replicates
    accuracy_low, accuracy_high: 95 % interval: Wilson's for the samples of all replicates together, or Student's over
        replicates where evaluation is exact
    share_learnt: share of replicates with an accuracy of at least 0.99
    p_chance: p-value of the two-sided test that the accuracy is 1/2, from the samples of all replicates together
    p_same: p-value of the chi-squared test that all trained learners have the same accuracy
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from failures.artifacts.tables import wilson
from failures.engine.seeding import EVALUATION, generator
from failures.families.parity.problem import cube, parse_target
from failures.families.parity.theory.theorem_1 import realizing_network

HAND_BUILT = "hand_built"
N_CHECKED = 10_000


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Compute the accuracy of every class of predictors, and of a network with weights set by hand.

    Args:
        inputs: `runs`, paths of the tables of runs.
        problems: `n_features`, `encoding` and `evaluation` of each problem.

    Returns:
        The table that `Columns` describes, one row per class and problem.
    """
    runs = pd.concat([pd.read_csv(path, dtype={"target": str}) for path in inputs["runs"]], ignore_index=True)
    parts = []
    for name, rows in runs.groupby("problem"):
        table = pd.DataFrame([_row(learner, part, problems[name]) for learner, part in rows.groupby("learner")])
        table["p_same"] = _same(table)
        hand_built = _hand_built(rows.drop_duplicates("trial"), problems[name])
        parts.append(pd.concat([table, pd.DataFrame([hand_built])], ignore_index=True))
    return pd.concat(parts, ignore_index=True).sort_values(["n_features", "learner"], ignore_index=True)


def _row(learner: str, runs: pd.DataFrame, problem: dict[str, Any]) -> dict[str, Any]:
    """Return the row of one learner on one problem."""
    accuracy = runs["final_accuracy"]
    row = {
        "learner": learner,
        "n_features": problem["n_features"],
        "n_replicates": len(runs),
        "n_steps": runs["n_steps"].max(),
    }
    if problem["evaluation"] == "cube":
        half = stats.t.ppf(0.975, max(len(runs) - 1, 1)) * accuracy.sem(ddof=1) if len(runs) > 1 else np.nan
        low, high = max(0.0, accuracy.mean() - half), min(1.0, accuracy.mean() + half)
    else:
        n_samples = problem["evaluation"] * len(runs)
        right = int((accuracy * problem["evaluation"]).round().sum())
        low, high = wilson(right, n_samples)
        row |= {"n_samples": n_samples, "p_chance": stats.binomtest(right, n_samples).pvalue}
    return row | {
        "accuracy": accuracy.mean(),
        "accuracy_low": low,
        "accuracy_high": high,
        "accuracy_min": accuracy.min(),
        "accuracy_max": accuracy.max(),
        "share_learnt": (accuracy >= 0.99).mean(),
    }


def _same(table: pd.DataFrame) -> float:
    """Return the p-value of the chi-squared test of equal accuracy; NaN for exact evaluations or a single class."""
    if "n_samples" not in table or len(table) < 2:
        return np.nan
    right = table["accuracy"] * table["n_samples"]
    return stats.chi2_contingency(np.array([right, table["n_samples"] - right])).pvalue


def _hand_built(instances: pd.DataFrame, problem: dict[str, Any]) -> dict[str, Any]:
    """Return the accuracy of the network of width d that realises each target, on the cube or on random inputs."""
    n_features, accuracies = problem["n_features"], []
    for trial in instances.itertuples():
        target = parse_target(trial.target)
        rng = generator("parity", trial.problem, trial.trial, EVALUATION, HAND_BUILT)
        exact = problem["evaluation"] == "cube"
        bits = cube(n_features) if exact else rng.integers(0, 2, (N_CHECKED, n_features))
        kernel, bias, slopes, offset = realizing_network(target, problem["encoding"])
        inputs = 1 - 2 * bits if problem["encoding"] == "signed" else bits
        scores = np.maximum(inputs @ kernel + bias, 0) @ slopes[:, 0] + offset
        accuracies.append(np.mean(scores * (-1.0) ** (bits @ target) > 0))
    return {
        "learner": HAND_BUILT,
        "n_features": n_features,
        "n_replicates": len(accuracies),
        "n_steps": 0,
        "accuracy": np.mean(accuracies),
        "accuracy_min": min(accuracies),
        "accuracy_max": max(accuracies),
        "share_learnt": np.mean(np.array(accuracies) >= 0.99),
    }
