"""SNR by tuple length, at initialisation.

The axis of the published figure has no numbers. Its curves are therefore scaled so that the published decomposition at
k = 1 equals `snr` of our decomposition at the smallest k.

Columns:
    source: `ours`, or `published`: digitised from the paper's Figure 5
    method: as in `gradients/lines/`
    tuple_length
    snr: unbiased estimate of the SNR, mean over initialisations
    snr_low, snr_high: 95 % interval of this mean (Student)
    upper_limit: max(`snr`, 0) plus half the length of the interval; given only where `snr_low` is not above 0
    plug_in: biased estimate of the scripts, mean over initialisations; scaled for published values
    floor: 1 / n_tuples, the expected value of the biased estimate if there is no signal
    signal, noise: means over initialisations
    n_tuples, n_initialisations: numbers of samples and of initialisations
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from failures.artifacts.tables import published_curves, read_tables


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Average the SNR over initialisations, and append the published estimate.

    Args:
        inputs: `initial`, paths of the files of `failures.families.lines.analyses.initial_signal`, and `published`, the
            path of the digitised curves.

    Returns:
        The table that `Columns` describes.
    """
    initial = read_tables(inputs["initial"])
    rows = [
        {"method": method, "tuple_length": length, **summary(group)}
        for (method, length), group in initial.groupby(["method", "tuple_length"], sort=True)
    ]
    ours = pd.DataFrame(rows).assign(source="ours")
    first = ours[ours["method"] == "decomposition"].sort_values("tuple_length")["snr"].iloc[0]
    published = published_curves(inputs["published"], figure=5, quantity="snr_relative")
    published = pd.DataFrame(
        {
            "source": "published",
            "method": published["series"].str.replace("-", "_"),
            "tuple_length": published["x"].astype(int),
            "plug_in": first * published["snr_relative"],
            "n_initialisations": 1,
        }
    )
    columns = ["source", "method", "tuple_length", "snr", "snr_low", "snr_high", "upper_limit", "plug_in", "floor"]
    columns += ["signal", "noise", "n_tuples", "n_initialisations"]
    table = pd.concat([ours, published], ignore_index=True)[columns]
    table["n_tuples"] = table["n_tuples"].astype("Int64")
    return table


def summary(group: pd.DataFrame) -> dict[str, float]:
    """Average the estimates of one method and tuple length over initialisations.

    Args:
        group: Rows of `failures.families.lines.analyses.initial_signal`, one per initialisation.

    Returns:
        Values of the columns `snr` to `n_initialisations`. The interval is that of the mean SNR.
    """
    n, mean = len(group), group["snr"].mean()
    half = (
        stats.t.ppf(0.975, n - 1) * group["snr"].std() / np.sqrt(n) if n > 1 else 1.96 * group["standard_error"].iloc[0]
    )
    low, high = mean - half, mean + half
    return {
        "snr": mean,
        "snr_low": low,
        "snr_high": high,
        "upper_limit": np.nan if low > 0 else max(mean, 0) + half,
        "plug_in": group["plug_in"].mean(),
        "floor": 1 / group["n_tuples"].iloc[0],
        "signal": group["signal"].mean(),
        "noise": group["noise"].mean(),
        "n_tuples": group["n_tuples"].iloc[0],
        "n_initialisations": n,
    }
