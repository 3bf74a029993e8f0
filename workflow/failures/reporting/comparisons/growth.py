"""Numbers of updates that may be infinite: the best of several learning rates, growth with the size, and intervals."""

from __future__ import annotations

import numpy as np

# Law of growth with the size, by family; a power of the size for the others.
LAWS = {"parity": "exponential"}


def best(times: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Compute the smallest median over the learning rates in every bootstrap draw.

    Args:
        times: Updates to the target, [rates, replicates]; inf where it is not reached.
        draws: Indices of replicates, int [n_draws, replicates].

    Returns:
        Smallest median time, [n_draws].
    """
    return np.median(times[:, draws], axis=2).min(axis=0)


def interval(draws: np.ndarray) -> tuple[float, float]:
    """Return the 95 % percentile interval of draws, some of which may be inf; NaN if more than half of them are NaN."""
    known = draws[~np.isnan(draws)]
    if 2 * len(known) < len(draws):
        return np.nan, np.nan
    # Quantiles between a number and inf would be NaN.
    low, high = np.quantile(known, 0.025, method="lower"), np.quantile(known, 0.975, method="higher")
    return float(low), float(high)


def exponents(sizes: np.ndarray, times: np.ndarray, law: str) -> np.ndarray:
    """Fit a straight line to log2(times) against the sizes (`exponential`) or their log2 (`power`).

    Args:
        sizes: Increasing sizes, [sizes].
        times: Updates to the target, [n, sizes]; values from the first inf on are left out.
        law: `exponential` or `power`.

    Returns:
        Slopes, [n]; NaN where fewer than two values are left.
    """
    places = {"exponential": sizes, "power": np.log2(sizes)}[law]
    kept = np.isfinite(times).cumprod(axis=1).astype(float)
    logs = np.log2(np.where(kept > 0, times, 1.0))
    n = kept.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = kept * (places - (kept * places).sum(axis=1, keepdims=True) / n)
        slopes = (centred * logs).sum(axis=1) / (centred**2).sum(axis=1)
    return np.where(n[:, 0] >= 2, slopes, np.nan)
