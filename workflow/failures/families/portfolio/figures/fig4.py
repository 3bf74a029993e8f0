"""Figure 4: expected loss of a portfolio against training steps, by number of stocks (section 3)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed, number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the loss against training steps, one panel per number of stocks.

    Args:
        table: Table of `failures.families.portfolio.tables.fig4`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    ours = table[table["source"] == "ours"]
    learners, sizes = list(ours["learner"].unique()), sorted(ours["n_stocks"].unique())
    figure, axes = plt.subplots(1, len(sizes), figsize=(PAGE, 2.3), sharex=True, sharey=True, squeeze=False)
    for axis, n_stocks in zip(axes[0], sizes, strict=True):
        rows = table[table["n_stocks"] == n_stocks]
        for index, learner in enumerate(learners):
            _curves(axis, rows[rows["learner"] == learner], index, learner)
        axis.set(title=f"k = {n_stocks:,}", xlabel="training steps", ylim=(-1.04, 0.04))
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.set_xlim(0, ours["step"].max())
    axes[0, 0].set_ylabel("loss (−1: all money on the right stock)", fontsize="small")
    axes[0, 0].plot([], [], ".", color="0.4", markersize=3, label="sampled loss, one replicate")
    published = table[(table["source"] == "published") & (table["step"] <= ours["step"].max())]
    if published[["learner", "n_stocks"]].merge(ours[["learner", "n_stocks"]]).size:
        axes[0, 0].plot([], [], ":", color="0.2", linewidth=1, label="published")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.portfolio.tables.fig4`.

    Returns:
        `ends`: median loss at the last step, by k and learner.
    """
    ours = table[table["source"] == "ours"]
    ends = ours.loc[ours.groupby(["learner", "n_stocks"], sort=False)["step"].idxmax()]
    parts = []
    for n_stocks, rows in ends.groupby("n_stocks"):
        losses = (f"{number(row.loss_median)} ({learner_label(row.learner)})" for row in rows.itertuples())
        parts.append(f"{listed(losses)} at k = {n_stocks:,}")
    return {"ends": "; ".join(parts)}


def _curves(axis: plt.Axes, rows: pd.DataFrame, index: int, learner: str) -> None:
    ours, published = (rows[rows["source"] == source] for source in ("ours", "published"))
    style = {"color": color(index)}
    axis.fill_between(ours["step"], ours["loss_p10"], ours["loss_p90"], alpha=0.25, linewidth=0, **style)
    axis.plot(ours["step"], ours["loss_median"], linewidth=1.2, label=learner_label(learner), **style)
    axis.plot(ours["step"], ours["sampled_loss"], ".", markersize=2, alpha=0.7, **style)
    dark = tuple(0.55 * part for part in color(index))
    axis.plot(published["step"], published["sampled_loss"], ":", color=dark, linewidth=1)
