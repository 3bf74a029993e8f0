"""Table of Figure 6: curves, original and decoded."""

from __future__ import annotations

from typing import Any

import pandas as pd


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """What `failures.families.curves.analyses.decoding` found, with the error of each curve.

    inputs: `decoded` (a file). Returns columns learner, step, curve, point, original, decoded and error: the squared
    error of the whole curve relative to its own squares.
    """
    table = pd.read_csv(inputs["decoded"])
    table["error"], table["square"] = (table["decoded"] - table["original"]) ** 2, table["original"] ** 2
    sums = table.groupby(["learner", "step", "curve"])[["error", "square"]].transform("sum")
    return table.assign(error=sums["error"] / sums["square"]).drop(columns="square")
