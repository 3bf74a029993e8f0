"""Claims about lines (Section 3.1, Figures 3 and 5)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from failures.reporting.claims.ledger import Measured, Missing, extreme, last, rows, student

# Relative precision of float32.
FLOAT32 = 2.0**-24


def _skill(accuracy: pd.Series | float, ceiling: float) -> pd.Series | float:
    """Rescale an accuracy to 0 at chance and 1 at the ceiling."""
    return (accuracy - 0.5) / (ceiling - 0.5)


def decomposition_reaches_the_ceiling(fig3: pd.DataFrame) -> Measured:
    """Measure the final rescaled accuracy of decomposition: mean over k, one run per k."""
    ceilings = rows(fig3, part="ceiling").set_index("tuple_length")["accuracy"]
    final = rows(fig3, part="final", learner="decomposition")
    return student(np.array([_skill(row.accuracy, ceilings[row.tuple_length]) for row in final.itertuples()]))


def _lacking(success: pd.DataFrame, n: int) -> Measured:
    """Compute the final accuracy shortfall of end-to-end (0: ceiling, 1: chance) over replicates."""
    runs = last(rows(success, learner="end_to_end", tuple_length=n))
    return student((1 - _skill(runs["accuracy"], runs["ceiling"].iloc[0])).to_numpy())


def lines_end_to_end_inferior(success: pd.DataFrame) -> Measured:
    """Measure the accuracy shortfall of end-to-end at the k where it is smallest."""
    return extreme(min, [_lacking(success, n) for n in sorted(success["tuple_length"].unique()) if n > 1])


def lines_gap_grows(success: pd.DataFrame) -> Measured:
    """Measure the growth of end-to-end's accuracy shortfall from k = 2 to k = 3, Welch's interval."""
    two, three = _lacking(success, 2), _lacking(success, 3)
    half = np.hypot(two.high - two.value, three.high - three.value)
    value = three.value - two.value
    return Measured(value, value - half, value + half, min(two.n_replicates, three.n_replicates))


def lines_fail_from_3(success: pd.DataFrame) -> Measured:
    """Measure the success rate at k = 3."""
    row = rows(success, learner="end_to_end", tuple_length=3).iloc[0]
    return Measured(row.success, row.success_low, row.success_high, int(row.n_replicates))


def _by_length(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Select the rows of a method, indexed by tuple length."""
    return rows(table, method=method).set_index("tuple_length").sort_index()


def _snr(fig5: pd.DataFrame, method: str) -> pd.DataFrame:
    """Select the reproduced SNR of a method, indexed by tuple length."""
    return _by_length(rows(fig5, source="ours"), method)


def decomposition_snr_constant(fig5: pd.DataFrame) -> Measured:
    """Measure the SNR of decomposition over that at k = 1, at the k where it differs most."""
    snr = _snr(fig5, "decomposition")
    if len(snr) < 2:
        raise Missing
    first = snr.iloc[0]
    parts = [
        Measured(row.snr / first.snr, row.snr_low / first.snr, row.snr_high / first.snr, int(row.n_initialisations))
        for row in snr.iloc[1:].itertuples()
    ]
    return max(parts, key=lambda part: abs(part.value - 1))


def end_to_end_snr_falls(fig5: pd.DataFrame) -> Measured:
    """Measure the SNR of end-to-end at k = 1 over that at k = 2.

    The upper limit replaces an SNR at k = 2 that is not distinguishable from zero.
    """
    return _fall(_snr(fig5, "end_to_end"))


def _fall(snr: pd.DataFrame) -> Measured:
    """Compute the SNR at k = 1 over that at k = 2, from a table indexed by k."""
    if not {1, 2} <= set(snr.index):
        raise Missing
    one, two = snr.loc[1], snr.loc[2]
    most = two["snr_high"] if np.isnan(two["upper_limit"]) else two["upper_limit"]
    value = two["snr"] if two["snr_low"] > 0 else most
    least = two["snr_low"] if two["snr_low"] > 0 else 0.0
    ends = one["snr"] / value, one["snr_low"] / most, one["snr_high"] / least if least else np.inf
    return Measured(*ends, int(min(one["n_initialisations"], two["n_initialisations"])))


def snr_below_machine_precision(fig5: pd.DataFrame) -> Measured:
    """Measure the SNR of end-to-end at the largest k over the float32 precision; 0 if not distinguishable from zero."""
    row = _snr(fig5, "end_to_end").iloc[-1]
    high = row["snr_high"] if np.isnan(row["upper_limit"]) else row["upper_limit"]
    ends = np.array([max(row["snr"], 0.0), max(row["snr_low"], 0.0), high]) / FLOAT32
    return Measured(*ends, int(row["n_initialisations"]))


def published_snr_is_the_floor(fig5: pd.DataFrame) -> Measured:
    """Measure the published SNR of end-to-end over 1/N, the floor of the scripts' estimate.

    The value is the mean over k of at least 3.
    """
    published = rows(fig5, source="published", method="end_to_end")
    floor = _snr(fig5, "end_to_end")["floor"].iloc[0]
    values = published.loc[published["tuple_length"] >= 3, "plug_in"].to_numpy() / floor
    if not len(values):
        raise Missing
    return Measured(values.mean(), values.min(), values.max(), int(_snr(fig5, "end_to_end")["n_initialisations"].min()))


def depth_end_to_end_snr_falls(snr_depth: pd.DataFrame) -> Measured:
    """Measure the SNR of end-to-end at k = 1 over that at k = 2.

    The depth with residual blocks where the ratio is smallest counts.
    """
    deep = snr_depth[snr_depth["blocks"] > 0]
    return extreme(min, [_fall(_by_length(part, "end_to_end")) for _, part in deep.groupby("blocks")])


def depth_decomposition_snr_constant(snr_depth: pd.DataFrame) -> Measured:
    """Measure the SNR of decomposition over that of the same initialisation at k = 1, where it differs most from 1."""
    snr = rows(snr_depth[snr_depth["blocks"] > 0], method="decomposition")
    parts = [
        Measured(row.relative, row.relative_low, row.relative_high, int(row.n_initialisations))
        for row in snr[snr["tuple_length"] > snr["tuple_length"].min()].itertuples()
    ]
    return extreme(lambda parts, key: max(parts, key=lambda part: abs(part.value - 1)), parts)


def _summary(fooling: pd.DataFrame, quantity: str, pick: Callable) -> Measured:
    """Read a quantity of the summary for the learner where it is largest or smallest (`pick`: max or min)."""
    table = rows(fooling, part="summary", quantity=quantity)
    return extreme(pick, [Measured(row.value, row.low, row.high, int(row.n)) for row in table.itertuples()])


def fooling_small_changes(fooling: pd.DataFrame) -> Measured:
    """Measure the smallest perturbation, relative to the nearest image of the other class: median over images."""
    return _summary(fooling, "relative", max)


def fooling_one_pixel(fooling: pd.DataFrame) -> Measured:
    """Measure the share of images whose label a single flipped pixel changes."""
    return _summary(fooling, "single", min)


def fooling_noise(fooling: pd.DataFrame) -> Measured:
    """Measure the share of noise images with a final confidence of at least 0.99."""
    return _summary(fooling, "confident", min)


def fooling_noise_beyond(fooling: pd.DataFrame) -> Measured:
    """Measure the share of noise images with a final score above that of 99 % of the real images."""
    return _summary(fooling, "beyond", min)
