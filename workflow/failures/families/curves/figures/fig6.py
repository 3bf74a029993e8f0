"""Figure 6: curves as decoded by each learner during training (section 4)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw original and decoded curves, one row per learner and one column per step.

    Args:
        table: Table of `failures.families.curves.tables.fig6`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    learners, steps = list(table["learner"].unique()), sorted(table["step"].unique())
    size = (PAGE, 0.5 + 1.15 * len(learners))
    figure, axes = plt.subplots(len(learners), len(steps), figsize=size, sharex=True, sharey=True, squeeze=False)
    low, high = table["original"].min(), table["original"].max()
    for row, learner in enumerate(learners):
        for column, step in enumerate(steps):
            axis = axes[row, column]
            _curves(axis, table[(table["learner"] == learner) & (table["step"] == step)])
            if row == 0:
                axis.set_title(f"after {step:,} steps")
        axes[row, 0].set_ylabel(learner_label(learner).replace(" ", "\n"))
    for axis in axes[-1]:
        axis.set_xlabel("point t")
    axes[0, 0].set_ylim(low - 0.35 * (high - low), high + 0.45 * (high - low))
    axes[0, 0].plot([], [], color="0.45", linewidth=2.5, alpha=0.5, label="original")
    for index in range(table["curve"].nunique()):
        axes[0, 0].plot([], [], color=color(index), linewidth=1, label=f"decoded, curve {index + 1}")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    add_note(figure, note)
    return figure


def _curves(axis: plt.Axes, table: pd.DataFrame) -> None:
    for index, (_, curve) in enumerate(table.groupby("curve")):
        axis.plot(curve["point"], curve["original"], color="0.45", linewidth=2.5, alpha=0.5)
        axis.plot(curve["point"], curve["decoded"], color=color(index), linewidth=1)
    worst = table["error"].max()
    text = "diverged" if pd.isna(worst) else f"relative error {worst:.2g}"
    axis.text(0.98, 0.97, text, transform=axis.transAxes, ha="right", va="top", fontsize="x-small", color="0.3")
