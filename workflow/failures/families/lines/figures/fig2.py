"""Figure 2: samples of the lines problem (section 3.1)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.artifacts.style import PAGE, add_note

SIZE = 28


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw samples of both classes, one row per tuple length and label.

    Args:
        table: Table of `failures.families.lines.tables.fig2`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    rows = [(length, label) for length in sorted(table["tuple_length"].unique()) for label in (1, -1)]
    n_samples = table["sample"].max() + 1
    # A tuple of k images is k times as wide as one image, so that each length has its own grid of axes.
    heights = [PAGE / n_samples / (length + 0.25) for length, _ in rows]
    figure = plt.figure(figsize=(PAGE, sum(heights) + 0.25 * len(rows)))
    for part, (length, label) in zip(
        figure.subfigures(len(rows), 1, height_ratios=[height + 0.25 for height in heights]), rows, strict=True
    ):
        axes = np.atleast_1d(part.subplots(1, n_samples))
        samples = table[(table["tuple_length"] == length) & (table["label"] == label)]
        for index, axis in enumerate(axes):
            _tuple(axis, samples[samples["sample"] == index], length)
        axes[0].set_title(f"k = {length}, label {'+1' if label > 0 else '−1'}", fontsize="small")
    add_note(figure, note)
    return figure


def _tuple(axis: plt.Axes, pixels: pd.DataFrame, length: int) -> None:
    """Draw the images of one tuple side by side, separated by two white columns."""
    wide = np.ones((SIZE, length * (SIZE + 2) - 2))
    for image in range(length):
        wide[:, image * (SIZE + 2) : image * (SIZE + 2) + SIZE] = 0.88
    wide[pixels["row"], pixels["image"] * (SIZE + 2) + pixels["column"]] = 0
    axis.imshow(wide, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axis.axis("off")
