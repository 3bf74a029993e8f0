"""Accuracy on two spirals.

Columns:
    problem, learner, step
    accuracy_median, accuracy_p10, accuracy_p90: accuracy over replicates
    n_replicates
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_histories, replicate_band


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Compute the median and band of the accuracy at every evaluation.

    Args:
        inputs: `history`, paths of the histories.

    Returns:
        The table that `Columns` describes.
    """
    return replicate_band(read_histories(inputs["history"], "accuracy"), ["problem", "learner", "step"], "accuracy")
