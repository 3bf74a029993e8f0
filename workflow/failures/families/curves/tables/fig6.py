"""Decoded curves.

Columns:
    learner
    step: step after whose update the network is saved
    curve, point: index of the validation curve; index t of the point
    original: f_t
    decoded: reconstruction of f_t: W p with the learner's p, or the output of the autoencoder
    error: squared error of the whole curve, divided by the sum of the squares of f_t
"""

from __future__ import annotations

from typing import Any

import pandas as pd


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Add the error of each curve to the decoded curves.

    Args:
        inputs: `decoded`, the path of the file of `failures.families.curves.analyses.decoding`.

    Returns:
        The table that `Columns` describes.
    """
    table = pd.read_csv(inputs["decoded"])
    table["error"], table["square"] = (table["decoded"] - table["original"]) ** 2, table["original"] ** 2
    sums = table.groupby(["learner", "step", "curve"])[["error", "square"]].transform("sum")
    return table.assign(error=sums["error"] / sums["square"]).drop(columns="square")
