"""Table of the figure target_blindness: how far one network drifts apart when it trains on two targets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_tables


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Distances at every evaluation of every run, as shares of the initial weights' norm.

    inputs: `instances` and `history` (files). problems: `n_features` and `samples` of each problem.
    Returns learner, n_features, samples (cube, fresh), labels (parity, coins), seed, step, drift_float32,
    drift_float64, rounding, travel and accuracy (see `failures.families.parity.objectives.target_pairs`).
    """
    keys = ["problem", "learner", "instance", "seed", "step"]
    history = pd.concat([pd.read_parquet(path) for path in inputs["history"]], ignore_index=True)
    table = history.pivot(index=keys, columns="metric", values="value").reset_index()
    instances = pd.concat(
        [read_tables([path]).assign(problem=problem) for path, problem in _by_problem(inputs["instances"])]
    )
    table = table.merge(
        instances[["problem", "instance", "labels"]], on=["problem", "instance"], validate="many_to_one"
    )
    for key in ("n_features", "samples"):
        table[key] = table["problem"].map(lambda name, key=key: problems[name][key])
    columns = ["learner", "n_features", "samples", "labels", "seed", "step"]
    metrics = ["drift_float32", "drift_float64", "rounding", "travel", "accuracy"]
    return table[columns + metrics].sort_values(columns, ignore_index=True)


def _by_problem(paths: list[str]) -> list[tuple[str, str]]:
    """Each table of instances with its problem, the name of its folder."""
    return [(path, str(path).split("/")[-2]) for path in paths]
