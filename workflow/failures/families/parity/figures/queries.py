"""Figure of the training steps to learn a parity against noise and against tolerance of the gradient oracle."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw one panel for noise and one for tolerance.

    Args:
        table: Table of `failures.families.parity.tables.queries`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 3.0), sharey=True)
    exact = (table["noise"] == 0) & (table["tolerance"] == 0)
    _panel(axes[0], table[exact | (table["noise"] > 0)], "tolerance")
    _panel(axes[1], table[exact | (table["tolerance"] > 0)], "noise")
    axes[0].set(title="noisy gradients", xlabel="standard deviation of the noise per weight")
    axes[1].set(title="quantised gradients", xlabel="tolerance: largest error per weight")
    axes[0].set(yscale="log", ylabel="training steps to 99 % accuracy")
    axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.queries`.

    Returns:
        `limits`: training steps per run at each d, as text.
    """
    by_limit = table.groupby("n_steps")["n_features"].unique()
    return {"limits": listed(f"{limit:,} steps (d = {listed(sorted(d))})" for limit, d in by_limit.items())}


def _panel(axis: plt.Axes, table: pd.DataFrame, other: str) -> None:
    x = {"noise": "tolerance", "tolerance": "noise"}[other]
    smallest = table.loc[table[x] > 0, x].min()
    limit = table["n_steps"].max()
    axis.axhline(limit, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    for index, (n_features, rows) in enumerate(table.groupby("n_features")):
        # A run that does not reach the accuracy counts as infinitely long, so that the median stays exact.
        median = rows.fillna({"steps": float("inf")}).groupby(x)["steps"].median()
        axis.plot(median, color=color(index), linewidth=1.2, label=f"d = {n_features}")
        axis.plot(rows[x], rows["steps"], "o", color=color(index), markersize=3, alpha=0.6, mew=0)
        never = rows[rows["steps"].isna()]
        height = [limit * 1.15 ** (index + 1)] * len(never)
        axis.plot(never[x], height, "^", color=color(index), markersize=4, mfc="none")
    axis.set_xscale("symlog", linthresh=smallest)
