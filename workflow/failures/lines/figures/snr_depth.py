"""Signal-to-noise ratio of the gradient at random weights against k, a panel a number of residual blocks in N1."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.lines.figures.fig5 import NAMES, unbiased
from failures.style import PAGE, add_note


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.lines.tables.snr_depth`: means with intervals, arrows where 0 is not excluded.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    depths = sorted(table["blocks"].unique())
    figure, axes = plt.subplots(1, len(depths), figsize=(PAGE, 2.8), sharex=True, sharey=True, squeeze=False)
    for axis, depth in zip(axes[0], depths, strict=True):
        for index, (method, name) in enumerate(NAMES.items()):
            rows = table[(table["blocks"] == depth) & (table["method"] == method)]
            unbiased(axis, rows.sort_values("tuple_length"), index, name)
        axis.set(
            title={0: "the paper's N1", 1: "1 residual block"}.get(depth, f"{depth} residual blocks"),
            xlabel="tuple length k",
            yscale="log",
            xticks=sorted(table["tuple_length"].unique()),
        )
    axes[0, 0].set_ylabel("signal / noise")
    handles = axes[0, 0].get_legend_handles_labels()[0]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
    add_note(figure, note)
    return figure
