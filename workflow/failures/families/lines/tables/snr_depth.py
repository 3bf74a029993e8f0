"""SNR with residual blocks, at initialisation.

Columns:
    blocks: number of residual blocks in N1
    method, tuple_length, snr, snr_low, snr_high, upper_limit, signal, noise, n_tuples, n_initialisations: as in
        `tables/fig5.csv`
    relative: SNR divided by the SNR of the same initialisation at the smallest k, mean over initialisations
    relative_low, relative_high: 95 % interval of this mean (Student)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from failures.families.lines.tables.fig5 import summary


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Average the SNR over initialisations, by number of blocks.

    Args:
        inputs: `depth`, the path of the file of `failures.families.lines.analyses.depth_signal`.

    Returns:
        The table that `Columns` describes.
    """
    table = pd.read_csv(inputs["depth"])
    keys = ["blocks", "method", "seed"]
    first = table.sort_values("tuple_length").groupby(keys)["snr"].transform("first")
    table["relative"] = table["snr"] / first
    rows = [
        {"blocks": blocks, "method": method, "tuple_length": length, **summary(group), **_relative(group["relative"])}
        for (blocks, method, length), group in table.groupby(["blocks", "method", "tuple_length"], sort=True)
    ]
    columns = ["blocks", "method", "tuple_length", "snr", "snr_low", "snr_high", "upper_limit"]
    columns += ["relative", "relative_low", "relative_high", "signal", "noise", "n_tuples", "n_initialisations"]
    return pd.DataFrame(rows)[columns]


def _relative(values: pd.Series) -> dict[str, float]:
    """Return the mean and its interval; a single value has no interval."""
    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * values.std() / np.sqrt(n) if n > 1 else np.nan
    mean = values.mean()
    return {"relative": mean, "relative_low": mean - half, "relative_high": mean + half}
