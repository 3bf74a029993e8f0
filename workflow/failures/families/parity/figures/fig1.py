"""Figure 1: accuracy against training steps for d = 5, 10 and 30."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

LINES = ("-", "--", ":", "-.")


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the accuracy with a linear and a logarithmic axis of steps.

    Args:
        table: Table of `failures.families.parity.tables.fig1`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.

    Reference:
        Figure 1.
    """
    last = table.loc[table["part"] == "curve", "step"].max()
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.6), sharey=True)
    for axis in axes:
        _curves(axis, table)
    axes[0].set(title="linear axis, as in the paper", xlabel="training steps", ylabel="accuracy", ylim=(0.4, 1.02))
    axes[0].xaxis.set_major_formatter("{x:,.0f}")
    axes[0].set_xlim(0, last)
    axes[1].set(title="logarithmic axis", xlabel="training steps", xscale="log")
    axes[1].set_xlim(10, last)
    axes[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.fig1`.

    Returns:
        `solved`: number of replicates that reach 100 %, as text; `published`: empty if no published curve is drawn.
    """
    runs = table[table["part"] == "run"]
    several = len(runs["learner"].unique()) > 1
    solved = [
        f"{steps.notna().sum()} of {len(steps)} at d = {n_features}{f' ({learner_label(learner)})' * several}"
        for (learner, n_features), steps in runs.groupby(["learner", "n_features"])["steps"]
    ]
    return {"solved": listed(solved), "published": "yes" * bool(len(_published(table)))}


def _published(table: pd.DataFrame) -> pd.DataFrame:
    """Return the published points in the figure: those up to the last step of the runs."""
    last = table.loc[table["part"] == "curve", "step"].max()
    return table[(table["part"] == "published") & (table["step"] <= last)]


def _curves(axis: plt.Axes, table: pd.DataFrame) -> None:
    axis.axhline(0.5, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    learners = list(table["learner"].dropna().unique())
    for index, (n_features, rows) in enumerate(table.groupby("n_features")):
        published = rows[rows["part"] == "published"]
        axis.plot(published["step"], published["accuracy_median"], color=color(index), linewidth=0.4, alpha=0.6)
        for learner, ours in rows[rows["part"] == "curve"].groupby("learner"):
            name = f"d = {n_features}" + f", {learner_label(learner)}" * (len(learners) > 1)
            axis.fill_between(
                ours["step"], ours["accuracy_p10"], ours["accuracy_p90"], color=color(index), alpha=0.2, linewidth=0
            )
            style = LINES[learners.index(learner) % len(LINES)]
            axis.plot(ours["step"], ours["accuracy_median"], style, color=color(index), linewidth=1.2, label=name)
    if len(_published(table)):
        axis.plot([], [], color="0.4", linewidth=0.4, label="published")
