"""Figure 2: samples of both classes."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.style import PAGE, add_note

SIZE = 28


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.lines.tables.fig2`: a row a tuple length and class.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    rows = [(length, label) for length in sorted(table["tuple_length"].unique()) for label in (1, -1)]
    n_samples = table["sample"].max() + 1
    # Tuples of k images are k times as wide: each length has its own number of columns.
    heights = [PAGE / n_samples / (length + 0.25) for length, _ in rows]
    figure = plt.figure(figsize=(PAGE, sum(heights) + 0.25 * len(rows)))
    for part, (length, label) in zip(
        figure.subfigures(len(rows), 1, height_ratios=[height + 0.25 for height in heights]), rows, strict=True
    ):
        axes = np.atleast_1d(part.subplots(1, n_samples))
        samples = table[(table["tuple_length"] == length) & (table["label"] == label)]
        for number, axis in enumerate(axes):
            _tuple(axis, samples[samples["sample"] == number], length)
        axes[0].set_title(f"k = {length}, label {'+1' if label > 0 else '−1'}", fontsize="small")
    add_note(figure, note)
    return figure


def _tuple(axis: plt.Axes, pixels: pd.DataFrame, length: int) -> None:
    """Draw the images of one tuple side by side, with a white column between them."""
    wide = np.ones((SIZE, length * (SIZE + 2) - 2))
    for image in range(length):
        wide[:, image * (SIZE + 2) : image * (SIZE + 2) + SIZE] = 0.88
    wide[pixels["row"], pixels["image"] * (SIZE + 2) + pixels["column"]] = 0
    axis.imshow(wide, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axis.axis("off")
