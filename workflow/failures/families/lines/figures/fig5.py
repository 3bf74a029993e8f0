"""Figure 5: signal-to-noise ratio of the gradient at initialisation, against the tuple length (section 3.1)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.artifacts.formats import interval, listed, number
from failures.artifacts.style import PAGE, add_note, color

# Losses by `method`, in the order of their colours.
NAMES = {
    "decomposition": "decomposition, first image",
    "joint": "decomposition, whole loss",
    "end_to_end": "end-to-end",
}
# Spacing of float32 numbers next to 1. The scripts compute in float32.
FLOAT32 = np.finfo(np.float32).eps


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw unbiased estimates (left) and those of the authors' scripts (right).

    Args:
        table: Table of `failures.families.lines.tables.fig5`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
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
    if len(published):
        axes[1].plot([], [], "x", color="0.3", markersize=5, label="published, scaled")
    floor = ours["floor"].iloc[0]
    axes[1].axhline(floor, color="0.3", linewidth=0.8, linestyle=(0, (4, 2)), label="estimate without signal, 1/N")
    for axis in axes:
        axis.axhline(FLOAT32, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
        axis.set(xlabel="tuple length k", yscale="log", xticks=sorted(ours["tuple_length"].unique()))
    axes[1].annotate("spacing of float32 at 1", (0.02, FLOAT32), (0, 2), xycoords=("axes fraction", "data"),
                     color="0.4", textcoords="offset points", fontsize="x-small")  # fmt: skip
    axes[0].set(title="unbiased estimator, 95 % intervals", ylabel="signal-to-noise ratio")
    axes[1].set(title="estimator of the authors' scripts")
    handles = [*axes[0].get_legend_handles_labels()[0], *axes[1].get_legend_handles_labels()[0]]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.lines.tables.fig5`.

    Returns:
        `tuples`, `initialisations`: tuples and initialisations per estimate. `decomposition`: ratios of the first
        image's loss at the smallest and the largest k. `end_to_end`: ratios at every k. `published`: description of the
        published points; empty if there are none.
    """
    ours = table[table["source"] == "ours"]
    ends = ours["tuple_length"].agg(["min", "max"])
    published = (
        "Crosses are the paper's points. The paper's axis has no numbers, so the crosses are scaled to match our "
        "first-image decomposition at the smallest k."
        if (table["source"] == "published").any()
        else ""
    )
    return {
        "tuples": f"{ours['n_tuples'].max():,.0f}",
        "initialisations": f"{ours['n_initialisations'].max():,.0f}",
        "decomposition": ratios(ours[(ours["method"] == "decomposition") & ours["tuple_length"].isin(ends)]),
        "end_to_end": ratios(ours[ours["method"] == "end_to_end"]),
        "published": published,
    }


def ratios(rows: pd.DataFrame) -> str:
    """Format the ratios of one method by tuple length, with intervals, or as upper limits if the interval includes 0.

    Args:
        rows: Rows of `failures.families.lines.tables.fig5` of one method.
    """
    rows = rows.sort_values("tuple_length")
    clear, limited = rows[rows["upper_limit"].isna()], rows[rows["upper_limit"].notna()]
    return listed(
        [f"{interval(row.snr, row.snr_low, row.snr_high)} at k = {row.tuple_length}" for row in clear.itertuples()]
        + [f"below {number(row.upper_limit)} at k = {row.tuple_length}" for row in limited.itertuples()]
    )


def unbiased(axis: plt.Axes, rows: pd.DataFrame, index: int, name: str) -> None:
    """Draw means with 95 % intervals; if an interval includes 0, an arrow down from its upper end.

    Args:
        axis: Axis to draw on.
        rows: Rows of `failures.families.lines.tables.fig5` of one method, by ascending tuple length.
        index: Index of the colour.
        name: Label of the legend.
    """
    shade = color(index)
    known, limited = rows[rows["upper_limit"].isna()], rows[rows["upper_limit"].notna()]
    errors = [known["snr"] - known["snr_low"], known["snr_high"] - known["snr"]]
    axis.errorbar(known["tuple_length"], known["snr"], errors, fmt="o-", color=shade, linewidth=1, markersize=3.5,
                  capsize=2, label=name)  # fmt: skip
    axis.errorbar(limited["tuple_length"], limited["upper_limit"], 0.6 * limited["upper_limit"], fmt="_", color=shade,
                  uplims=True, markersize=7)  # fmt: skip
