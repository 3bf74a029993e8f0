"""Table of Figure 5: signal-to-noise ratio of the gradient at random weights, against the length of tuples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from failures.artifacts.tables import published_curves, read_tables


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """The SNR's mean over initialisations with its interval, the scripts' estimate, and the published one.

    inputs: `initial` (tables of `failures.families.lines.analyses.initial_signal`) and `published` (file).
    Returns columns source (ours, published), method, tuple_length, snr, snr_low and snr_high (mean and 95 % interval of
    Student over initialisations), upper_limit (where snr_low is not above 0: half the interval above snr or 0), plug_in
    (mean of the scripts' estimate), floor (1 / n_tuples: what that is without any signal), signal, noise (means),
    n_tuples and n_initialisations. A published SNR is in units of our decomposition at the least length, as its axis
    has no numbers.
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
    """Means over initialisations of one method and length; the interval is of the mean of the ratios."""
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
