"""Final loss and share of wrong choices against the learning rate, by method and optimiser (section 3)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

METHODS = ("decomposition", "end_to_end")
ROWS = {"loss": "expected loss\nafter training", "wrong": "share of states with\na wrong stock"}


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw loss (above) and wrong choices (below), one column per number of stocks and optimiser.

    Args:
        table: Table of `failures.families.portfolio.tables.portfolio_rates`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    columns = list(table.groupby(["n_stocks", "optimizer"]))
    figure, axes = plt.subplots(2, len(columns), figsize=(PAGE, 3.6), sharex="col", sharey="row", squeeze=False)
    for column, ((n_stocks, optimizer), rows) in enumerate(columns):
        for axis, name in zip(axes[:, column], ROWS, strict=True):
            for _, ours in rows.groupby("learner"):
                _curve(axis, ours, name)
        axes[0, column].set(title=f"k = {n_stocks:,}, {optimizer}", ylim=(-1.05, 0.05), xscale="log")
        axes[1, column].set(xlabel="learning rate", ylim=(-0.05, 1.05))
    for axis, label in zip(axes[:, 0], ROWS.values(), strict=True):
        axis.set_ylabel(label)
    for index, method in enumerate(METHODS):
        axes[0, 0].plot([], [], color=color(index), marker="o", markersize=3, label=learner_label(method))
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.portfolio.tables.portfolio_rates`.

    Returns:
        `best`: smallest median loss of each method and optimiser with its learning rate, by k.
    """
    best = table.loc[table.groupby(["n_stocks", "optimizer", "method"])["loss_median"].idxmin()]
    parts = []
    for (n_stocks, optimizer), rows in best.groupby(["n_stocks", "optimizer"]):
        ends = " and ".join(
            f"{number(row.loss_median)} at rate {number(row.learning_rate)} ({learner_label(row.method)})"
            for row in rows.itertuples()
        )
        parts.append(f"k = {n_stocks:,} with {optimizer}, {ends}")
    return {"best": "; ".join(parts)}


def _curve(axis: plt.Axes, rows: pd.DataFrame, name: str) -> None:
    shade = color(METHODS.index(rows["method"].iloc[0]))
    rate = rows["learning_rate"]
    axis.fill_between(rate, rows[f"{name}_p10"], rows[f"{name}_p90"], color=shade, alpha=0.25, linewidth=0)
    axis.plot(rate, rows[f"{name}_median"], color=shade, marker="o", markersize=3, linewidth=1)
