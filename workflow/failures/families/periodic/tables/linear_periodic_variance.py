"""Gradient variance over directions (Theorem 2).

The figure shows the variance along lines: d varies at a fixed r, r varies at a fixed d, or both vary. A point that lies
on two lines of the figure has one row per line.

The slope is the derivative of log(variance) with respect to d on the lines `dimension` and `both`, and with respect to
log(r) on the line `norm`.

Columns:
    quantity: `variance` of a point, or `slope` of a line
    line: what varies along the line: `dimension` (d at a fixed r), `norm` (r at a fixed d), `both` (d, with r =
        sqrt(d))
    learner, wave, method: as in `gradients/periodic/`
    n_features, norm: d and r; for a slope, empty if they vary along the line
    value: of a variance: mean over networks of `variance` / `gradient_square`; of a slope: see above
    standard_error: of a `monte_carlo` variance: over pairs of directions; of a slope: of the straight-line fit
    upper_limit: max(value, 0) plus two standard errors; given only where the value is less than three standard errors
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import linregress

from failures.artifacts.tables import read_tables

# Slopes against d are fitted up to this share of (2 pi r)^2; for larger d the variance levels off.
STEEP = 0.5
# Slopes against r are fitted from this share of the largest r on, where the variance is a power of r.
FAR = 0.25
# Smallest number of points of a fit.
FEWEST = 5


def tabulate(inputs: dict[str, Any], n_features: list[int], norms: list[float]) -> pd.DataFrame:
    """Average the relative variances over networks along each line, and fit the slopes of the lines.

    Args:
        inputs: `gradients`, paths of the files of `failures.families.periodic.analyses.gradient_variance`.
        n_features: Values of d of the lines on which r varies.
        norms: Values of r of the lines on which d varies.

    Returns:
        The table that `Columns` describes.
    """
    networks = read_tables(inputs["gradients"])
    scale = networks.pop("gradient_square")
    networks = networks.assign(value=networks["variance"] / scale, square=(networks["standard_error"] / scale) ** 2)
    keys = ["learner", "wave", "method", "n_features", "norm"]
    means = networks.groupby(keys).agg(
        value=("value", "mean"), square=("square", lambda x: x.sum(skipna=False)), n=("square", "size")
    )
    means["standard_error"] = np.sqrt(means["square"]) / means["n"]
    unresolved = means["value"] < 3 * means["standard_error"]
    means["upper_limit"] = (means["value"].clip(lower=0) + 2 * means["standard_error"]).where(unresolved)
    lines = _lines(means.reset_index(), n_features, norms)
    columns = ["quantity", "line", *keys, "value", "standard_error", "upper_limit"]
    return pd.concat([lines.assign(quantity="variance"), _slopes(lines)], ignore_index=True)[columns]


def _lines(means: pd.DataFrame, n_features: list[int], norms: list[float]) -> pd.DataFrame:
    """Select the rows of each line and concatenate them; a point may be on several lines."""
    parts = {
        "dimension": means[means["norm"].isin(norms)],
        "norm": means[means["n_features"].isin(n_features)],
        "both": means[np.isclose(means["norm"] ** 2, means["n_features"]) & (means["method"] != "monte_carlo")],
    }
    return pd.concat([part.assign(line=line) for line, part in parts.items()], ignore_index=True)


def _slopes(lines: pd.DataFrame) -> pd.DataFrame:
    """Fit the slope of every line without sampling error, with the standard error of the straight-line fit."""
    rows = []
    exact = lines[lines["standard_error"].isna()]
    for line, fixed in (("dimension", "norm"), ("norm", "n_features"), ("both", None)):
        chosen = exact[exact["line"] == line]
        keys = ["line", "learner", "wave", "method", *([fixed] if fixed else [])]
        for values, points in chosen.groupby(keys):
            points = points[_fitted(line, points)]
            if len(points) >= FEWEST:
                x = np.log(points["norm"]) if line == "norm" else points["n_features"]
                fit = linregress(x, np.log(points["value"]))
                slope = {"quantity": "slope", "value": fit.slope, "standard_error": fit.stderr}
                rows.append(dict(zip(keys, values, strict=True)) | slope)
    columns = [*lines.columns, "quantity"]
    return pd.DataFrame(rows).reindex(columns=columns).astype({"n_features": "Int64"})


def _fitted(line: str, points: pd.DataFrame) -> pd.Series:
    """Return which points of a line its slope is fitted to."""
    if line == "norm":
        return points["norm"] >= FAR * points["norm"].max()
    return points["n_features"] <= STEEP * (2 * math.pi * points["norm"]) ** 2
