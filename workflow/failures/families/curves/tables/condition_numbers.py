"""Table of the figure condition_numbers: condition numbers against n, and the exponents that fit them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from failures.families.curves.theory import condition_number, estimated_root, patch_moment, singular_values

KEYS = ["matrix", "distribution"]


def tabulate(inputs: dict[str, Any], n_points: list[int], fitted_from: int, n_curves: int, seed: int) -> pd.DataFrame:
    """Condition number of each matrix at each n, then one fitted exponent for those that grow.

    inputs: none. n_points: the n. fitted_from: smallest n of the fits. n_curves, seed: curves that the conditioning
    is estimated from. Returns columns quantity (condition_number, exponent), matrix (decoder: S_11^2 / S_nn^2 of W;
    convolution: the patches' second moment C, exact; conditioned, conditioned_float32: C after the
    estimated C^(-1/2), computed in either precision), distribution (empty for the decoder), n_points,
    value and standard_error (of an exponent).
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
    found = {("decoder", ""): largest**2 / smallest**2}
    for distribution in ("slopes", "uniform"):
        moment = patch_moment(n_points, distribution)
        found["convolution", distribution] = condition_number(moment)
        for name, dtype in (("conditioned", "float64"), ("conditioned_float32", "float32")):
            root = estimated_root(n_points, distribution, n_curves, seed, dtype).astype(np.float64)
            found[name, distribution] = condition_number(root @ moment @ root)
    return [{**dict(zip(KEYS, keys, strict=True)), "n_points": n_points, "value": v} for keys, v in found.items()]
