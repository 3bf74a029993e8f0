"""Figure 5: signal-to-noise ratio of the gradient at random weights, against the length of tuples."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.style import PAGE, add_note, color

NAMES = {
    "decomposition": "decomposition (first image's label)",
    "joint": "decomposition, whole loss",
    "end_to_end": "end-to-end",
}
# Spacing of the numbers that the scripts compute in, next to 1.
FLOAT32 = np.finfo(np.float32).eps


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.lines.tables.fig5`: unbiased estimates, and the scripts' beside them.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    ours, published = (table[table["source"] == source] for source in ("ours", "published"))
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 3.0), sharex=True, sharey=True)
    for index, (method, name) in enumerate(NAMES.items()):
        rows = ours[ours["method"] == method].sort_values("tuple_length")
        unbiased(axes[0], rows, index, name)
        axes[1].plot(
            rows["tuple_length"], rows["plug_in"], "o-", color=color(index), linewidth=1, markersize=3.5, mfc="w"
        )
        theirs = published[published["method"] == method]
        axes[1].plot(theirs["tuple_length"], theirs["plug_in"], "x", color=color(index), markersize=5)
    axes[1].plot([], [], "x", color="0.3", markersize=5, label="published (scaled)")
    floor = ours["floor"].iloc[0]
    axes[1].axhline(floor, color="0.3", linewidth=0.8, linestyle=(0, (4, 2)), label="its floor 1/N")
    for axis in axes:
        axis.axhline(FLOAT32, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
        axis.set(xlabel="tuple length k", yscale="log", xticks=sorted(ours["tuple_length"].unique()))
    axes[0].annotate("spacing of float32", (0.02, FLOAT32), (0, 2), xycoords=("axes fraction", "data"), color="0.4",
                     textcoords="offset points", fontsize="x-small")  # fmt: skip
    axes[0].set(title="unbiased, with 95 % intervals", ylabel="signal / noise")
    axes[1].set(title="the scripts' estimator")
    handles = [*axes[0].get_legend_handles_labels()[0], *axes[1].get_legend_handles_labels()[0]]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
    add_note(figure, note)
    return figure


def unbiased(axis: plt.Axes, rows: pd.DataFrame, index: int, name: str) -> None:
    """Means and intervals; where 0 is within the interval, an arrow down from its upper end."""
    shade = color(index)
    known, limited = rows[rows["upper_limit"].isna()], rows[rows["upper_limit"].notna()]
    errors = [known["snr"] - known["snr_low"], known["snr_high"] - known["snr"]]
    axis.errorbar(known["tuple_length"], known["snr"], errors, fmt="o-", color=shade, linewidth=1, markersize=3.5,
                  capsize=2, label=name)  # fmt: skip
    axis.errorbar(limited["tuple_length"], limited["upper_limit"], 0.6 * limited["upper_limit"], fmt="_", color=shade,
                  uplims=True, markersize=7)  # fmt: skip
