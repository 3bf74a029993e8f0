"""Claims about curves (Section 4, Figure 6, Theorem 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.reporting.claims.ledger import EXACT, Measured, Missing, band, extreme, last, rows
from failures.reporting.claims.measures.depth_errors import errors, median


def _exponent(condition_numbers: pd.DataFrame, matrix: str) -> Measured:
    """Read the exponent of n in the condition number, +- two standard errors; smallest over curve distributions."""
    parts = [
        Measured(row.value, row.value - 2 * row.standard_error, row.value + 2 * row.standard_error, EXACT)
        for row in rows(condition_numbers, quantity="exponent", matrix=matrix).itertuples()
    ]
    return extreme(min, parts)


def linear_condition_number(condition_numbers: pd.DataFrame) -> Measured:
    """Measure the exponent of the linear learner's condition number."""
    return _exponent(condition_numbers, "decoder")


def convolution_condition_number(condition_numbers: pd.DataFrame) -> Measured:
    """Measure the exponent of the convolution's condition number."""
    return _exponent(condition_numbers, "convolution")


def conditioned_condition_number(condition_numbers: pd.DataFrame) -> Measured:
    """Measure the largest condition number after conditioning in double precision, up to the paper's n = 100."""
    table = rows(condition_numbers, quantity="condition_number", matrix="conditioned")
    values = table.loc[table["n_points"] <= 100, "value"]
    if values.empty:
        raise Missing
    return Measured(values.max(), values.min(), values.max(), EXACT)


def _updates(curve_errors: pd.DataFrame, learner: str, error: float) -> Measured:
    """Compute the updates to a relative error at the breakpoints, from the median and percentile curves."""
    table = rows(curve_errors, stage="training", learner=learner).sort_values("step")
    reached = []
    for part in ("median", "p10", "p90"):
        steps = table.loc[table[f"breakpoint_error_{part}"] <= error, "step"]
        reached.append(float(steps.iloc[0]) + 1 if len(steps) else np.inf)
    return Measured(*reached, int(table["n_replicates"].iloc[0]))


def convolution_gains(conditioning_rates: pd.DataFrame) -> Measured:
    """Measure the gradient-descent iterations, linear learner over convolution, at n = 100.

    The smaller of two curve distributions counts.
    """
    table = rows(conditioning_rates, part="iterations", method="closed_form", n_points=100)
    linear = rows(table, learner="linear")["value"].iloc[0]
    quotients = linear / table.loc[table["learner"].str.startswith("convolution"), "value"]
    if quotients.empty:
        raise Missing
    return Measured(quotients.min(), quotients.min(), quotients.max(), EXACT)


def conditioning_gains(curve_errors: pd.DataFrame) -> Measured:
    """Measure the updates to a tenth of the breakpoint error, convolutional over conditioned learner."""
    slow, fast = (_updates(curve_errors, learner, 0.1) for learner in ("convolutional", "conditioned"))
    ends = slow.value / fast.value, slow.low / fast.high, slow.high / fast.low
    return Measured(*ends, min(slow.n_replicates, fast.n_replicates))


def autoencoder_misses_details(curve_errors: pd.DataFrame) -> Measured:
    """Measure the final relative error of the autoencoder at the breakpoints."""
    return band(last(rows(curve_errors, stage="training", learner="autoencoder")).iloc[0], "breakpoint_error")


def autoencoder_gets_the_outline(curve_errors: pd.DataFrame) -> Measured:
    """Measure the final relative error of the autoencoder's curves."""
    return band(last(rows(curve_errors, stage="training", learner="autoencoder")).iloc[0], "error")


def depth_keeps_autoencoder_details(depth_training: pd.DataFrame) -> Measured:
    """Measure the final relative error at the breakpoints, best of the depth_errors autoencoders without shortcuts."""
    return _best_autoencoder(depth_training, "plain")


def shortcuts_find_autoencoder_details(depth_training: pd.DataFrame) -> Measured:
    """Measure the final relative error at the breakpoints, best of the autoencoders with shortcuts."""
    return _best_autoencoder(depth_training, "residual")


def _best_autoencoder(depth_training: pd.DataFrame, architecture: str) -> Measured:
    """Pick the smallest median over the depths above 0."""
    depth_errors = {
        depth: values for depth, values in errors(depth_training, "curves", architecture).items() if depth > 0
    }
    return extreme(min, [median(f"{architecture} {depth}", values) for depth, values in depth_errors.items()])
