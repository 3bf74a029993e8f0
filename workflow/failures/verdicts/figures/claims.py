"""Figure of the claims: how far each measured value is on the right or the wrong side of its threshold."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.style import PAGE, add_note, color

# Colours of a colour-blind safe palette: green, orange, vermilion, grey; with a letter for who sees none of them.
COLORS = {"reproduced": 2, "partly": 1, "not reproduced": 3, "not enough runs": 7}
MARKERS = {"reproduced": "o", "partly": "D", "not reproduced": "X", "not enough runs": "s"}
# Beyond a factor of a hundred it is the same to the reader.
LARGEST = 2.0


def margin(value: float, at_least: float, at_most: float) -> float:
    """Powers of ten on the right side of the nearer threshold; negative on the wrong side, at most LARGEST.

    NaN for an empty threshold or value.
    """
    sides = []
    with np.errstate(divide="ignore", invalid="ignore"):
        if not np.isnan(at_least):
            sides.append(np.log10(value / at_least) if at_least > 0 else np.sign(value) * LARGEST)
        if not np.isnan(at_most):
            sides.append(np.log10(at_most / value) if value > 0 else LARGEST)
    return float(np.clip(min(sides), -LARGEST, LARGEST)) if sides else np.nan


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.verdicts.tables.claims`.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    places = _places(table)
    figure, axis = plt.subplots(figsize=(PAGE, 0.6 + 0.165 * (places[-1] + 2.6)))
    axis.axvspan(0, LARGEST + 0.4, color="0.95", linewidth=0)
    axis.axvline(0, color="0.4", linewidth=0.8)
    for place, row in zip(places, table.itertuples(), strict=True):
        ends = [margin(value, row.at_least, row.at_most) for value in (row.value, row.low, row.high)]
        style = {"color": color(COLORS[row.verdict])}
        if not np.isnan(ends).any():
            axis.plot([min(ends), max(ends)], [place, place], linewidth=1.2, **style)
            axis.plot(ends[0], place, MARKERS[row.verdict], markersize=4.5, **style)
        axis.annotate(
            row.verdict, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize="x-small", **style
        )
    axis.set_yticks(places, table["label"], fontsize="x-small")
    axis.set(xlim=(-LARGEST - 0.2, LARGEST + 0.2), ylim=(places[-1] + 1, -1.6))
    powers = np.arange(-LARGEST, LARGEST + 1)
    labels = [f"{'≥' if abs(power) == LARGEST else ''}{10 ** abs(power):g}x" for power in powers]
    labels[len(labels) // 2] = "threshold"
    axis.set_xticks(powers, labels, fontsize="small")
    axis.set_xlabel("wrong side   ←   factor between value and threshold   →   right side", fontsize="small")
    axis.tick_params(axis="y", length=0)
    for family, first in table.assign(place=places).groupby("family", sort=False)["place"].first().items():
        axis.annotate(family, (-LARGEST - 0.15, first - 0.95), fontsize="x-small", color="0.45", va="center")
    add_note(figure, note)
    return figure


def _places(claims: pd.DataFrame) -> np.ndarray:
    """Heights of the rows; a gap where a family begins."""
    begins = claims["family"] != claims["family"].shift()
    return np.arange(len(claims)) + begins.cumsum().to_numpy() - 1
