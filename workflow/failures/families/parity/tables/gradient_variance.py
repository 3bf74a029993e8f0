"""Gradient variance over all parities (Theorem 1).

The *signal* of a parity h_v is E[h_v(x) g(x)], the part of the expected gradient that depends on the target. Here g is
grad p for the square loss, and grad p times a factor that depends on p(x) for the other losses.

Columns:
    stage: `initial`: network at initialisation; `trained`: network saved during its training on one target
    learner, n_features, seed
    updates: updates of the network
    subset_size: size |v*| of the target that the network was trained on (`trained`)
    accuracy: accuracy at the end of this training (`trained`)
    loss: `square` (p - y)^2 / 2, `logistic` or `hinge`
    method: method of computation, as listed below
    quantity: name of the quantity, as listed below
    degree: parity size |v| for the quantity `share`
    value: value of the quantity
    standard_error: standard error of `value`; 0 where the value is exact, empty where no error is estimated

Methods:
    transform: the signals of all 2^d parities, by a Walsh-Hadamard transform
    cube: closed form of the variance, from all 2^d inputs
    sample: closed form of the variance, from random inputs
    batches: gradients of random batches

Quantities:
    variance: variance of the expected gradient over all 2^d parities
    bound: the bound of Theorem 1, E ||grad p||^2 / 2^d
    ratio: `variance` divided by `bound`
    share: share of the squared signal that belongs to the parities of size `degree`
    batch_noise: variance that the labels cause in the gradient of a batch, E ||g||^2 / batch size
    rounding: E ||error||^2, where the error is that of the gradient of a batch computed in float32
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import read_tables

KEYS = ["stage", "learner", "n_features", "seed", "updates", "loss"]


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Join the tables of all networks, and compute ratios and shares.

    Args:
        inputs: `initial` and `trained`, paths of the files of `failures.families.parity.analyses`.

    Returns:
        The table that `Columns` describes.
    """
    table = pd.concat(
        [read_tables(inputs[stage]).assign(stage=stage) for stage in ("initial", "trained")], ignore_index=True
    )
    variance, bound, energy, norm = (_of(table, name) for name in ("variance", "bound", "energy", "squared_norm"))
    parts = [
        table[~table["quantity"].isin(["energy", "squared_norm"])],
        _quotient(variance, bound).assign(quantity="ratio"),
        _quotient(energy, norm).assign(quantity="share"),
    ]
    columns = [*KEYS[:5], "subset_size", "accuracy", "loss", "method", "quantity", "degree", "value", "standard_error"]
    result = pd.concat(parts, ignore_index=True)[columns]
    return result.sort_values([*KEYS, "quantity", "degree"], ignore_index=True)


def _of(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one quantity."""
    return table[table["quantity"] == name]


def _quotient(rows: pd.DataFrame, divisor: pd.DataFrame) -> pd.DataFrame:
    """Divide the values by those of the divisor for the same network and loss; the standard error is NaN."""
    merged = rows.merge(divisor[[*KEYS, "value"]], on=KEYS, suffixes=("", "_divisor"), validate="many_to_one")
    return merged.assign(value=merged["value"] / merged["value_divisor"], standard_error=np.nan)
