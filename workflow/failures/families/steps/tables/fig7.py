"""A learned step function.

One row per learner and fresh sample. b* is subtracted from r and from all values of u.

Columns:
    learner, kind: name and kind in the configuration
    r: r - b*
    truth: u(r) - b*
    prediction: prediction of the learner - b*
    approximation: ũ(r) - b* (kind `non_flat`)
"""

from __future__ import annotations

from typing import Any

import pandas as pd


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Subtract b* from the predictions and from r.

    Args:
        inputs: `predictions`, the path of the file of `failures.families.steps.analyses.prediction`.

    Returns:
        The table that `Columns` describes.
    """
    table = pd.read_csv(inputs["predictions"])
    shifted = ["r", "truth", "prediction", "approximation"]
    table[shifted] = table[shifted].sub(table["bias"], axis=0)
    return table[["learner", "kind", *shifted]]
