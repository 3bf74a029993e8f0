"""Where training ends against the depth of the network, a panel a problem."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.style import PAGE, add_note, color

ARCHITECTURES = ("plain", "residual", "normalised", "blocks", "flat", "sign")
SYMBOLS = {"curves": "n", "lines": "k", "portfolio": "k"}
# Runs below chance by more than this are drawn here.
LOWEST = -0.2
COLUMNS = 3
# Between architectures of the same depth, of the distance between depths.
BESIDE = 0.12


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.beyond.tables.depth_training`.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    panels = list(table.groupby(["family", "size", "problem"]))
    n_rows = -(-len(panels) // COLUMNS)
    n_columns = min(len(panels), COLUMNS)
    figure, axes = plt.subplots(n_rows, n_columns, figsize=(PAGE, 0.7 + 1.9 * n_rows), sharey=True, squeeze=False)
    for axis, ((family, size, _), rows) in zip(axes.flat, panels, strict=False):
        _panel(axis, rows)
        axis.set_title(f"{family}, {SYMBOLS.get(family, 'd')} = {size}")
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set(ylabel="way from chance to perfect", ylim=(LOWEST - 0.05, 1.05))
    shown = [name for name in ARCHITECTURES if name in set(table["architecture"])]
    handles = [plt.Line2D([], [], color=color(ARCHITECTURES.index(name)), marker="o", markersize=3) for name in shown]
    figure.legend(handles, shown, loc="outside lower center", ncols=len(shown), fontsize="small")
    add_note(figure, note)
    return figure


def _panel(axis: plt.Axes, rows: pd.DataFrame) -> None:
    """Every run a dot, every architecture a line through the medians; depths at equal distances, architectures beside
    each other, since many end alike."""
    for height in (0, 1):
        axis.axhline(height, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    depths = sorted(rows["depth"].unique())
    # A run that diverged has learnt nothing.
    rows = rows.assign(place=rows["depth"].map(depths.index), way=rows["progress"].fillna(LOWEST).clip(lower=LOWEST))
    present = [name for name in ARCHITECTURES if name in set(rows["architecture"])]
    for index, name in enumerate(present):
        ours = rows[rows["architecture"] == name]
        ours = ours.assign(place=ours["place"] + BESIDE * (index - (len(present) - 1) / 2))
        shade = color(ARCHITECTURES.index(name))
        axis.plot(ours["place"], ours["way"], "o", color=shade, markersize=2.5, alpha=0.5)
        medians = ours.groupby("place")["way"].median()
        axis.plot(medians.index, medians, color=shade, marker="o", markersize=3.5, linewidth=1.2)
    axis.set_xticks(range(len(depths)), depths)
    axis.set(xlabel="depth", xlim=(-0.4, len(depths) - 0.6))
