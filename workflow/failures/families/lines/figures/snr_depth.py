"""Signal-to-noise ratio of the gradient at initialisation, with residual blocks in N1."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.style import PAGE, add_note
from failures.families.lines.figures.fig5 import NAMES, ratios, unbiased


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw ratios against the tuple length, one panel per number of residual blocks.

    Args:
        table: Table of `failures.families.lines.tables.snr_depth`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    depths = sorted(table["blocks"].unique())
    figure, axes = plt.subplots(1, len(depths), figsize=(PAGE, 2.8), sharex=True, sharey=True, squeeze=False)
    for axis, depth in zip(axes[0], depths, strict=True):
        for index, (method, name) in enumerate(NAMES.items()):
            rows = table[(table["blocks"] == depth) & (table["method"] == method)]
            unbiased(axis, rows.sort_values("tuple_length"), index, name)
        axis.set(
            title=_network(depth),
            xlabel="tuple length k",
            yscale="log",
            xticks=sorted(table["tuple_length"].unique()),
        )
    axes[0, 0].set_ylabel("signal-to-noise ratio")
    handles = axes[0, 0].get_legend_handles_labels()[0]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.lines.tables.snr_depth`.

    Returns:
        `tuples`, `initialisations`: tuples and initialisations per estimate. `end_to_end`: one sentence per depth with
        the ratios of the end-to-end loss by tuple length.
    """
    rows = table[table["method"] == "end_to_end"]
    return {
        "tuples": f"{table['n_tuples'].max():,.0f}",
        "initialisations": f"{table['n_initialisations'].max():,.0f}",
        "end_to_end": " ".join(
            f"{_network(depth)}: end-to-end ratio {ratios(part)}." for depth, part in rows.groupby("blocks")
        ),
    }


def _network(depth: int) -> str:
    """Return the title of N1 with a number of residual blocks."""
    return {0: "N1 of the paper", 1: "1 residual block"}.get(depth, f"{depth} residual blocks")
