"""Accuracy of classes of predictors on parities after the same budget."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.style import PAGE, add_note, color

NAMES = {
    "relu": "ReLU, width 10d",
    "narrow": "width d",
    "lemma_3": "width 48 (Lemma 3)",
    "wide": "width 1000",
    "deep": "four layers of 64",
    "tanh": "tanh, width 10d",
    "residual": "residual, four layers",
    "normalized": "layer-normalised",
    "convolutional": "1-d convolutions",
    "quadratic": "quadratic features",
    "adam": "Adam for SGD",
    "hand_built": "built by hand, width d",
}


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.parity.tables.predictors`: a panel a dimension, a row a class.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    dimensions = sorted(table["n_features"].unique())
    classes = [name for name in NAMES if name in set(table["learner"])]
    classes += sorted(set(table["learner"]) - set(NAMES))
    height = 0.9 + 0.24 * len(classes)
    figure, axes = plt.subplots(1, len(dimensions), figsize=(PAGE, height), sharey=True, squeeze=False)
    for axis, n_features in zip(axes[0], dimensions, strict=True):
        rows = table[table["n_features"] == n_features].set_index("learner").reindex(classes)
        _panel(axis, rows)
        axis.set(title=f"d = {n_features}", xlabel="accuracy")
    steps = int(table["n_steps"].max())
    axes[0, 0].set_yticks(range(len(classes)), [NAMES.get(name, name) for name in classes])
    axes[0, 0].invert_yaxis()
    figure.supxlabel(
        f"after {steps:,} steps; points are means, bars 95 % intervals, thin lines the range", fontsize="x-small"
    )
    add_note(figure, note)
    return figure


def _panel(axis: plt.Axes, rows: pd.DataFrame) -> None:
    axis.axvline(0.5, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    for position, (name, row) in enumerate(rows.iterrows()):
        shade = color(2) if name == "hand_built" else color(0)
        axis.plot([row["accuracy_min"], row["accuracy_max"]], [position, position], color=shade, linewidth=0.6)
        axis.plot(
            [row["accuracy_low"], row["accuracy_high"]], [position, position], color=shade, linewidth=2.2, alpha=0.6
        )
        axis.plot(row["accuracy"], position, "o", color=shade, markersize=4)
    same = rows["p_same"].dropna()
    if len(same):
        axis.annotate(
            f"trained classes alike:\np = {same.iloc[0]:.2f}", (0.6, len(rows) / 2), fontsize="small", color="0.3"
        )
    axis.set_xlim(0.38, 1.03)
