"""Table of the figure gradient_variance: the gradient's variance over all parities, and what it drowns in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import read_tables

KEYS = ["stage", "learner", "n_features", "seed", "updates", "loss"]


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Every network's numbers, one below the other.

    inputs: `initial` and `trained`, files of `failures.families.parity.analyses`.
    Returns columns stage (initial, trained), learner, n_features, seed, updates, subset_size and accuracy (of
    a trained network's run), loss, method, quantity, degree, value and standard_error. Quantities are those
    of the analyses (variance, bound, rounding, batch_noise), ratio (variance / bound) and, for each degree,
    share (energy / squared norm).
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
    return table[table["quantity"] == name]


def _quotient(rows: pd.DataFrame, divisor: pd.DataFrame) -> pd.DataFrame:
    """Rows with their value divided by that of the divisor of the same network and loss; no standard error."""
    merged = rows.merge(divisor[[*KEYS, "value"]], on=KEYS, suffixes=("", "_divisor"), validate="many_to_one")
    return merged.assign(value=merged["value"] / merged["value_divisor"], standard_error=np.nan)
