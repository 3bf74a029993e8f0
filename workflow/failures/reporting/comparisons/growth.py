"""Times that may not be reached: the best of several rates, how it grows with the size, and their intervals."""

from __future__ import annotations

import numpy as np

# How times grow with the size; by a power of it where a family is not named.
LAWS = {"parity": "exponential"}


def best(times: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Fewest median time over the rates in every draw of replicates, [n_draws].

    times: [rates, replicates], inf where not reached. draws: numbers of replicates, int [n_draws, replicates].
    """
    return np.median(times[:, draws], axis=2).min(axis=0)


def interval(draws: np.ndarray) -> tuple[float, float]:
    """95 % percentile interval of draws, some of which may be inf; NaN if more than half of them are."""
    known = draws[~np.isnan(draws)]
    if 2 * len(known) < len(draws):
        return np.nan, np.nan
    # Quantiles between a number and inf would be NaN.
    low, high = np.quantile(known, 0.025, method="lower"), np.quantile(known, 0.975, method="higher")
    return float(low), float(high)


def exponents(sizes: np.ndarray, times: np.ndarray, law: str) -> np.ndarray:
    """Slope of a straight line through log2(times) against the sizes (`exponential`) or their log2 (`power`).

    sizes: increasing, [sizes]. times: [n, sizes]; those from the first that is inf on are left out. Returns [n], NaN
    where fewer than two are left.
    """
    places = {"exponential": sizes, "power": np.log2(sizes)}[law]
    kept = np.isfinite(times).cumprod(axis=1).astype(float)
    logs = np.log2(np.where(kept > 0, times, 1.0))
    n = kept.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = kept * (places - (kept * places).sum(axis=1, keepdims=True) / n)
        slopes = (centred * logs).sum(axis=1) / (centred**2).sum(axis=1)
    return np.where(n[:, 0] >= 2, slopes, np.nan)
