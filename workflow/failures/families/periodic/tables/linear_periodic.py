"""Training on linear-periodic targets.

Columns:
    learner, n_features
    wave: `cosine`, `square` or `linear`
    norm: r
    step
    unexplained_median, unexplained_p10, unexplained_p90: unexplained variance over replicates
    n_replicates
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_histories, read_tables, replicate_band


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Compute the median and band of the unexplained variance at every evaluation.

    Args:
        inputs: `history` and `runs`, paths of both kinds of files.
        problems: `n_features` of each problem.

    Returns:
        The table that `Columns` describes.
    """
    run = ["problem", "learner", "trial"]
    runs = read_tables(inputs["runs"])[[*run, "wave", "norm"]]
    history = read_histories(inputs["history"], "unexplained").merge(runs, on=run)
    history["n_features"] = history["problem"].map(lambda name: problems[name]["n_features"])
    keys = ["learner", "n_features", "wave", "norm", "step"]
    return replicate_band(history, keys, "unexplained")
