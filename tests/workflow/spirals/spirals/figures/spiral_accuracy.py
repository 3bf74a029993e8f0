"""Accuracy on two spirals against training steps."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.style import PAGE, add_note


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.families.spirals.tables.spiral_accuracy`."""
    figure, axis = plt.subplots(figsize=(PAGE / 2, 2.5))
    for (problem, learner), rows in table.groupby(["problem", "learner"]):
        axis.plot(rows["step"], rows["accuracy_median"], label=f"{problem}, {learner}")
    axis.set(xlabel="training steps", ylabel="accuracy")
    axis.legend()
    add_note(figure, note)
    return figure
