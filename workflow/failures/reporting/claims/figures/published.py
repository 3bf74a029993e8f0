"""Figure of published and reproduced curves."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.artifacts.style import PAGE, add_note, color
from failures.reporting.claims.curves import curve_name


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.reporting.claims.tables.published`.

    Args:
        table: One row per curve.
        note: Note on a run at other scale or settings than the paper's.
    """
    begins = (table["figure"] != table["figure"].shift()).cumsum().to_numpy()
    places = np.arange(len(table)) + 0.6 * begins
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 0.8 + 0.19 * len(places)), sharey=True)
    relative = table["final_difference"].where(table["figure"] != 5)
    panels = [
        (table["share_inside"], "published points within\nour 10–90 % band", (-0.05, 1.05), None),
        (relative, "final value:\nreproduced − published", None, 0.0),
        (table["time_ratio"], "time to 90 % of the change:\nreproduced / published", None, 1.0),
    ]
    for axis, (values, title, limits, equal) in zip(axes, panels, strict=True):
        if equal is not None:
            axis.axvline(equal, color="0.7", linewidth=0.8)
        axis.hlines(places, equal or 0.0, values, color="0.8", linewidth=1)
        for number, (_, rows) in enumerate(table.groupby("figure")):
            axis.plot(values[rows.index], places[rows.index], "o", color=color(number), markersize=4)
        missing = places[values.isna()]
        place = 0.5 if limits else equal
        for y in missing:
            axis.text(place, y, "–", ha="center", va="center", color="0.6", fontsize="small")
        axis.set_title(title, fontsize="small")
        axis.tick_params(axis="y", length=0)
        if limits:
            axis.set_xlim(limits)
    largest = 1.15 * max(relative.abs().max(), 0.05)
    axes[1].set_xlim(-largest, largest)
    axes[0].set_yticks(
        places, [f"Figure {row.figure}, {curve_name(row.series)}" for row in table.itertuples()], fontsize="x-small"
    )
    axes[0].set_ylim(places[-1] + 0.7, places[0] - 0.7)
    add_note(figure, note)
    return figure
