"""Figure of the claims: measured values relative to the claims' thresholds."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from failures.artifacts.style import PAGE, add_note, color
from failures.reporting.claims.ledger import VERDICTS

# Indices into a colour-blind safe palette: green, orange, vermilion, grey. Markers differ as well.
COLORS = {"reproduced": 2, "partly": 1, "not reproduced": 3, "not enough runs": 7}
MARKERS = {"reproduced": "o", "partly": "D", "not reproduced": "X", "not enough runs": "s"}
# Margins are clipped at this many powers of ten.
LARGEST = 2.0


def margin(value: float, at_least: float, at_most: float) -> float:
    """Compute the margin of a value: log10 of its factor to the nearer threshold, positive if the claim holds.

    The factor is the ratio of the absolute values. If value and threshold differ in sign or one of them is 0, there is
    no factor, and the margin is LARGEST or -LARGEST. The margin is clipped to [-LARGEST, LARGEST]; NaN without a
    threshold or value.
    """
    if np.isnan(value):
        return np.nan
    sides = [_excess(value, at_least)] if not np.isnan(at_least) else []
    sides += [-_excess(value, at_most)] if not np.isnan(at_most) else []
    return float(np.clip(min(sides), -LARGEST, LARGEST)) if sides else np.nan


def _excess(value: float, threshold: float) -> float:
    """Return the size of the factor between value and threshold as log10, positive if the value is larger."""
    if value == threshold:
        return 0.0
    size = abs(np.log10(value / threshold)) if value * threshold > 0 else LARGEST
    return float(size if value > threshold else -size)


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.reporting.claims.tables.claims`.

    Args:
        table: One row per claim.
        note: Note on a run at other scale or settings than the paper's.
    """
    places = _places(table)
    figure, axis = plt.subplots(figsize=(PAGE, 0.85 + 0.165 * (places[-1] + 2.6)))
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
    margins = np.arange(-LARGEST, LARGEST + 1)
    axis.set_xticks(margins, ["≤ −2", "−1", "0", "1", "≥ 2"], fontsize="small")
    axis.set_xlabel(
        "claim violated   ←   value relative to the claim's threshold (log10)   →   claim holds", fontsize="small"
    )
    figure.legend(handles=_handles(table), loc="outside lower center", ncols=5, fontsize="x-small")
    axis.tick_params(axis="y", length=0)
    for family, first in table.assign(place=places).groupby("family", sort=False)["place"].first().items():
        axis.annotate(family, (-LARGEST - 0.15, first - 0.95), fontsize="x-small", color="0.45", va="center")
    add_note(figure, note)
    return figure


def _places(claims: pd.DataFrame) -> np.ndarray:
    """Compute the heights of the rows, with a gap before each family."""
    begins = claims["family"] != claims["family"].shift()
    return np.arange(len(claims)) + begins.cumsum().to_numpy() - 1


def _handles(claims: pd.DataFrame) -> list[Line2D]:
    """Build the legend: one marker per verdict that occurs, and the interval."""
    occurring = [verdict for verdict in VERDICTS if verdict in set(claims["verdict"])]
    markers = [
        Line2D(
            [], [], linestyle="", marker=MARKERS[verdict], color=color(COLORS[verdict]), markersize=4.5, label=verdict
        )
        for verdict in occurring
    ]
    return [*markers, Line2D([], [], color="0.4", linewidth=1.2, label="interval")]
