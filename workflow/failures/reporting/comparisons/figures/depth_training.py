"""Training outcome by depth of the network, one panel per problem."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.style import PAGE, add_note, color

# Architectures of the table with their names in the legend, in the order of their colours.
ARCHITECTURES = {
    "plain": "plain",
    "residual": "residual",
    "normalised": "layer-normalised",
    "blocks": "residual blocks in N1",
    "flat": "forward-only, flat",
    "sign": "forward-only, sign",
}
SYMBOLS = {"curves": "n", "lines": "k", "portfolio": "k"}
# Unit of `depth` by family; hidden layers for the others.
DEPTHS = {"curves": "added layers", "lines": "residual blocks"}
# Smallest progress in the figure; runs below it are drawn at this value.
LOWEST = -0.2
COLUMNS = 3
# Horizontal offset between architectures of the same depth, as a share of the distance between depths.
BESIDE = 0.12


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw progress at the end of training against depth, one panel per problem.

    Args:
        table: Table of `failures.reporting.comparisons.tables.depth_training`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    panels = list(table.groupby(["family", "size", "problem"]))
    n_rows = -(-len(panels) // COLUMNS)
    n_columns = min(len(panels), COLUMNS)
    figure, axes = plt.subplots(n_rows, n_columns, figsize=(PAGE, 0.8 + 1.9 * n_rows), sharey=True, squeeze=False)
    for axis, ((family, size, _), rows) in zip(axes.flat, panels, strict=False):
        _panel(axis, rows)
        axis.set(title=f"{family}, {SYMBOLS.get(family, 'd')} = {size}", xlabel=DEPTHS.get(family, "hidden layers"))
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set(ylabel="progress\n(0 = chance, 1 = perfect)", ylim=(LOWEST - 0.05, 1.05))
    present = set(table["architecture"])
    shown = {label: _color(name) for name, label in ARCHITECTURES.items() if name in present}
    handles = [plt.Line2D([], [], color=shade, marker="o", markersize=3) for shade in shown.values()]
    figure.legend(handles, shown, loc="outside lower center", ncols=3, fontsize="small")
    add_note(figure, note)
    return figure


def _color(architecture: str) -> tuple[float, float, float]:
    """Return the colour of an architecture."""
    return color(list(ARCHITECTURES).index(architecture))


def _panel(axis: plt.Axes, rows: pd.DataFrame) -> None:
    """Draw a dot per run and a line per architecture through the medians; depths are equidistant.

    Architectures stand side by side, because many of their runs end at the same progress.
    """
    for height in (0, 1):
        axis.axhline(height, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    depths = sorted(rows["depth"].unique())
    # A diverged run has no progress.
    shown = rows["progress"].fillna(LOWEST).clip(lower=LOWEST)
    rows = rows.assign(place=rows["depth"].map(depths.index), shown=shown)
    present = [name for name in ARCHITECTURES if name in set(rows["architecture"])]
    for index, name in enumerate(present):
        subset = rows[rows["architecture"] == name]
        subset = subset.assign(place=subset["place"] + BESIDE * (index - (len(present) - 1) / 2))
        shade = _color(name)
        axis.plot(subset["place"], subset["shown"], "o", color=shade, markersize=2.5, alpha=0.5)
        medians = subset.groupby("place")["shown"].median()
        axis.plot(medians.index, medians, color=shade, marker="o", markersize=3.5, linewidth=1.2)
    axis.set_xticks(range(len(depths)), depths)
    axis.set(xlim=(-0.4, len(depths) - 0.6))
