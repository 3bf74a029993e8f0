"""Weight distance between two copies of one network, each trained on another target.

Both copies start from the same weights and see the same inputs. Each copy is trained in float32 and in float64.
Distances are Euclidean over all weights, divided by the norm of the initial weights.

Columns:
    learner, n_features, seed, step
    samples: `cube`: exact gradients over all inputs; `fresh`: batches of fresh samples
    labels: `parity`: labels of two random targets; `coins`: random labels, the control
    drift_float32, drift_float64: distance between the copies for the two targets, in each precision
    rounding: distance between the float32 and the float64 copy for the first target
    travel: distance between the float64 copy for the first target and the initial weights
    accuracy: accuracy of the float64 copy for the first target
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_tables


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Collect the distances between the copies at every evaluation of every run.

    Args:
        inputs: `instances` and `history`, paths of both kinds of files.
        problems: `n_features` and `samples` of each problem.

    Returns:
        The table that `Columns` describes.
    """
    keys = ["problem", "learner", "trial", "seed", "step"]
    history = pd.concat([pd.read_parquet(path) for path in inputs["history"]], ignore_index=True)
    table = history.pivot(index=keys, columns="metric", values="value").reset_index()
    instances = pd.concat(
        [read_tables([path]).assign(problem=problem) for path, problem in _by_problem(inputs["instances"])]
    )
    table = table.merge(instances[["problem", "trial", "labels"]], on=["problem", "trial"], validate="many_to_one")
    for key in ("n_features", "samples"):
        table[key] = table["problem"].map(lambda name, key=key: problems[name][key])
    columns = ["learner", "n_features", "samples", "labels", "seed", "step"]
    metrics = ["drift_float32", "drift_float64", "rounding", "travel", "accuracy"]
    return table[columns + metrics].sort_values(columns, ignore_index=True)


def _by_problem(paths: list[str]) -> list[tuple[str, str]]:
    """Return each path with its problem, the name of its folder."""
    return [(path, str(path).split("/")[-2]) for path in paths]
