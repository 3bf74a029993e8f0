"""Table of the figure linear_periodic_variance: gradient variances along lines in d and r, and how fast they fall."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import linregress

from failures.artifacts.tables import read_tables

# A line against d is steep, and not yet at its floor, up to this share of (2 pi r)^2.
STEEP = 0.5
# A line against r is a power from this share of its largest r on.
FAR = 0.25
FEWEST = 5  # points of a fit


def tabulate(inputs: dict[str, Any], n_features: list[int], norms: list[float]) -> pd.DataFrame:
    """Relative variances, means over networks, along each line, and the fitted slopes of the lines.

    inputs: `gradients` (files). n_features, norms: those that have lines.
    Returns columns quantity, line, learner, wave, method, n_features, norm, value, standard_error, upper_limit.
    quantity `variance`: value is the variance over E||grad p||^2; upper_limit, two errors above it (above 0, if it is
    negative), stands where the value is less than three errors. quantity `slope`: value is
    d log(variance) / d n_features on the lines `dimension` (r fixed) and `both` (r = sqrt(d)), and
    d log(variance) / d log(norm) on `norm` (d fixed).
    """
    networks = read_tables(inputs["gradients"])
    scale = networks.pop("gradient_square")
    networks = networks.assign(value=networks["variance"] / scale, square=(networks["standard_error"] / scale) ** 2)
    by = ["learner", "wave", "method", "n_features", "norm"]
    means = networks.groupby(by).agg(
        value=("value", "mean"), square=("square", lambda x: x.sum(skipna=False)), n=("square", "size")
    )
    means["standard_error"] = np.sqrt(means["square"]) / means["n"]
    unresolved = means["value"] < 3 * means["standard_error"]
    means["upper_limit"] = (means["value"].clip(lower=0) + 2 * means["standard_error"]).where(unresolved)
    lines = _lines(means.reset_index(), n_features, norms)
    columns = ["quantity", "line", *by, "value", "standard_error", "upper_limit"]
    return pd.concat([lines.assign(quantity="variance"), _slopes(lines)], ignore_index=True)[columns]


def _lines(means: pd.DataFrame, n_features: list[int], norms: list[float]) -> pd.DataFrame:
    """The rows of each line, one line below the other; a point may be on several."""
    parts = {
        "dimension": means[means["norm"].isin(norms)],
        "norm": means[means["n_features"].isin(n_features)],
        "both": means[np.isclose(means["norm"] ** 2, means["n_features"]) & (means["method"] != "monte_carlo")],
    }
    return pd.concat([part.assign(line=line) for line, part in parts.items()], ignore_index=True)


def _slopes(lines: pd.DataFrame) -> pd.DataFrame:
    """Slope of every line that has no sampling error, with the standard error of a straight line."""
    rows = []
    exact = lines[lines["standard_error"].isna()]
    for line, fixed in (("dimension", "norm"), ("norm", "n_features"), ("both", None)):
        chosen = exact[exact["line"] == line]
        by = ["line", "learner", "wave", "method", *([fixed] if fixed else [])]
        for keys, points in chosen.groupby(by):
            points = points[_fitted(line, points)]
            if len(points) >= FEWEST:
                x = np.log(points["norm"]) if line == "norm" else points["n_features"]
                fit = linregress(x, np.log(points["value"]))
                slope = {"quantity": "slope", "value": fit.slope, "standard_error": fit.stderr}
                rows.append(dict(zip(by, keys, strict=True)) | slope)
    columns = [*lines.columns, "quantity"]
    return pd.DataFrame(rows).reindex(columns=columns).astype({"n_features": "Int64"})


def _fitted(line: str, points: pd.DataFrame) -> pd.Series:
    """Which points of a line its slope is fitted to."""
    if line == "norm":
        return points["norm"] >= FAR * points["norm"].max()
    return points["n_features"] <= STEEP * (2 * math.pi * points["norm"]) ** 2
