"""Figure 7: the step function and the predictions of each learner (section 5)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import MaxNLocator

from failures.artifacts.style import PAGE, add_note, color

TITLES = {
    "non_flat": "non-flat approximation",
    "end_to_end": "end-to-end",
    "multiclass": "multi-class",
    "forward_only": "forward-only",
    "flat": "through u itself",
}
# Half-width of the zoomed panel around the step at b*, in standard deviations of r.
ZOOM = 0.6


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw one panel per learner, and one more for `multiclass` close to a class boundary.

    Args:
        table: Table of `failures.families.steps.tables.fig7`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    panels = [(name, rows, False) for name, rows in table.groupby("learner", sort=False)]
    panels += [(name, rows, True) for name, rows, _ in panels if rows["kind"].iloc[0] == "multiclass"]
    columns = min(3, len(panels))
    n_rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(n_rows, columns, figsize=(PAGE, 0.6 + 1.9 * n_rows), squeeze=False)
    for axis, (name, rows, zoomed) in zip(axes.flat, panels, strict=False):
        _panel(axis, rows, zoomed)
        kind = rows["kind"].iloc[0]
        axis.set_title(TITLES[kind] + (f" ({name})" if name != kind else "") + (", near a boundary" if zoomed else ""))
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    for axis in axes[-1]:
        axis.set_xlabel("r − b*")
    for axis in axes[:, 0]:
        axis.set_ylabel("u − b*")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    add_note(figure, note)
    return figure


def _panel(axis: plt.Axes, rows: pd.DataFrame, zoomed: bool) -> None:
    if zoomed:
        width = ZOOM * rows["r"].std()
        rows = rows[rows["r"].abs() < width]
        axis.set_xlim(-width, width)
        axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.plot(
        rows["r"],
        rows["truth"],
        color="0.55",
        linewidth=2.5,
        alpha=0.6,
        drawstyle="steps-post",
        label="step function u",
    )
    axis.plot(
        rows["r"], rows["prediction"], ".", color=color(0), markersize=1.5 + zoomed, label="learned function", zorder=3
    )
    if rows["approximation"].notna().any():
        axis.plot(rows["r"], rows["approximation"], color=color(1), linewidth=1, label="non-flat approximation ũ")
    # Outliers must not compress the y axis.
    low, high = rows["truth"].min(), rows["truth"].max()
    room = 0.6 * max(high - low, 0.1)
    low, high = min(low, rows["prediction"].quantile(0.01)), max(high, rows["prediction"].quantile(0.99))
    axis.set_ylim(low - room, high + room)
