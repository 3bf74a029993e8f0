"""Condition numbers.

Columns:
    quantity: `condition_number`, or `exponent`: slope of log(condition number) against log(n) for all n of at least
        `fitted_from`
    matrix: matrix, as listed below
    distribution: `slopes` or `uniform`; empty for `decoder`
    n_points: n; empty for an exponent
    value: condition number or exponent
    standard_error: standard error of an exponent

Matrices:
    decoder: W W^T, whose condition number is S_11²/S_nn²
    convolution: C, the second-moment matrix of patches of three points
    conditioned: second-moment matrix of the conditioned patches, with C^(-1/2) estimated from curves in double
        precision
    conditioned_float32: the same with C^(-1/2) computed in single precision
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from failures.families.curves.theory import condition_number, estimated_root, patch_moment, singular_values

KEYS = ["matrix", "distribution"]


def tabulate(inputs: dict[str, Any], n_points: list[int], fitted_from: int, n_curves: int, seed: int) -> pd.DataFrame:
    """Compute the condition number of each matrix at each n, and fit exponents to those that grow.

    Args:
        inputs: Empty.
        n_points: Values of n.
        fitted_from: Smallest n of the fits.
        n_curves: Number of curves from which the conditioning is estimated.
        seed: Seed of these curves.

    Returns:
        The table that `Columns` describes.
    """
    table = pd.DataFrame([row for n in sorted(n_points) for row in _rows(n, n_curves, seed)])
    fits = []
    for keys, rows in table[table["n_points"] >= fitted_from].groupby(KEYS, sort=False):
        if keys[0] in ("decoder", "convolution"):
            line = stats.linregress(np.log(rows["n_points"]), np.log(rows["value"]))
            fits.append({**dict(zip(KEYS, keys, strict=True)), "value": line.slope, "standard_error": line.stderr})
    parts = [table.assign(quantity="condition_number"), pd.DataFrame(fits).assign(quantity="exponent")]
    table = pd.concat(parts, ignore_index=True)
    table["n_points"] = table["n_points"].astype("Int64")
    return table[["quantity", *KEYS, "n_points", "value", "standard_error"]]


def _rows(n_points: int, n_curves: int, seed: int) -> list[dict[str, Any]]:
    largest, smallest = singular_values(n_points)
    numbers = {("decoder", ""): largest**2 / smallest**2}
    for distribution in ("slopes", "uniform"):
        moment = patch_moment(n_points, distribution)
        numbers["convolution", distribution] = condition_number(moment)
        for name, dtype in (("conditioned", "float64"), ("conditioned_float32", "float32")):
            root = estimated_root(n_points, distribution, n_curves, seed, dtype).astype(np.float64)
            numbers[name, distribution] = condition_number(root @ moment @ root)
    return [{**dict(zip(KEYS, keys, strict=True)), "n_points": n_points, "value": v} for keys, v in numbers.items()]
