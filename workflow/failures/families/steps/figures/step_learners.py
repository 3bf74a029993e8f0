"""Step learners: error during training, share of wrong steps, and cost of a prediction (section 5)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed, number, percent
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

SHARES = {"wrong": ("o", "all samples"), "wrong_near": ("D", "near a boundary")}
FLOOR = 1e-4


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw error against training steps, final shares of wrong steps, and final error against cost.

    Args:
        table: Table of `failures.families.steps.tables.step_learners`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 3.0), width_ratios=(1.4, 1, 1))
    learners = list(table["learner"].unique())
    _training(axes[0], table[table["stage"] == "training"], learners)
    summary = table[table["stage"] == "summary"].set_index(["quantity", "learner"])
    _shares(axes[1], summary, learners)
    _cost(axes[2], summary, learners)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.steps.tables.step_learners`.

    Returns:
        `errors`: final unexplained variance by learner. `wrong`: share of wrong steps by learner. `updates`: updates
        until the unexplained variance is at most 0.1, by learner.
    """
    summary = table[table["stage"] == "summary"]

    def medians(quantity: str, text) -> str:
        rows = summary[summary["quantity"] == quantity]
        return listed(f"{text(row.value_median)} ({learner_label(row.learner)})" for row in rows.itertuples())

    return {
        "errors": medians("unexplained", number),
        "wrong": medians("wrong", percent),
        "updates": medians("updates_to_0.1", number),
    }


def _training(axis: plt.Axes, table: pd.DataFrame, learners: list[str]) -> None:
    for index, learner in enumerate(learners):
        rows = table[table["learner"] == learner]
        style = {"color": color(index)}
        axis.fill_between(rows["step"], rows["value_p10"], rows["value_p90"], alpha=0.2, linewidth=0, **style)
        axis.plot(rows["step"], rows["value_median"], linewidth=1, label=learner_label(learner), **style)
    axis.axhline(1, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    axis.set(
        yscale="log",
        ylim=(1e-3, 30),
        xlabel="training steps",
        ylabel="unexplained variance R",
        title="error during training",
    )
    axis.xaxis.set_major_formatter(lambda step, _: f"{step / 1000:g}k" if step else "0")


def _shares(axis: plt.Axes, summary: pd.DataFrame, learners: list[str]) -> None:
    """Draw the shares of wrong steps; shares below the floor are drawn at the floor."""
    for quantity, (marker, label) in SHARES.items():
        rows = summary.loc[quantity].reindex(learners)
        middle = rows["value_median"].clip(lower=FLOOR)
        low, high = rows["value_p10"].clip(lower=FLOOR), rows["value_p90"].clip(lower=FLOOR)
        fill = "none" if quantity == "wrong_near" else None
        for index in range(len(learners)):
            error = [[middle.iloc[index] - low.iloc[index]], [high.iloc[index] - middle.iloc[index]]]
            style = {"color": color(index), "markersize": 4, "markerfacecolor": fill or color(index)}
            axis.errorbar([index], [middle.iloc[index]], error, fmt=marker, linewidth=1, **style)
        axis.plot([], [], marker, color="0.3", markersize=4, markerfacecolor=fill or "0.3", label=label)
    axis.set(yscale="log", ylim=(FLOOR / 2, 2), title="share of wrong steps", xlim=(-0.5, len(learners) - 0.5))
    axis.set_xticks([])
    axis.legend(fontsize="x-small", loc="lower left")


def _cost(axis: plt.Axes, summary: pd.DataFrame, learners: list[str]) -> None:
    for index, learner in enumerate(learners):
        error, cost = (summary.loc[(name, learner), "value_median"] for name in ("unexplained", "multiply_adds"))
        axis.plot(cost, error, "o", color=color(index), markersize=5)
    axis.set(xscale="log", yscale="log", xlabel="multiply-adds per prediction", title="final error R", xlim=(50, 1e5))
    axis.set_ylim(1e-3, 30)
