"""Reconstruction error during training and against the number of training curves (section 4)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed, number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

TITLES = {"error": "reconstructed curve", "breakpoint_error": "changes of slope at breakpoints"}
FLOOR = 1e-12


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw errors against training steps (above) and against the number of training curves (below).

    Args:
        table: Table of `failures.families.curves.tables.curve_errors`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(2, 2, figsize=(PAGE, 4.6), sharey="col")
    learners = list(table["learner"].unique())
    rows = (("training", "step", "training steps"), ("samples", "n_curves", "number of training curves"))
    for (stage, key, label), pair in zip(rows, axes, strict=True):
        for axis, (name, title) in zip(pair, TITLES.items(), strict=True):
            for learner, part in table[table["stage"] == stage].groupby("learner"):
                _curve(axis, part, key, name, learners.index(learner), learner)
            axis.axhline(1, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
            axis.set(xscale="log", yscale="log", xlabel=label, title=title if stage == "training" else "")
            axis.set_ylim(FLOOR, 1e3)
            if key == "step":
                axis.set_xlim(100, max(table["step"].max(), 1000) * 1.1)
        pair[0].set_ylabel("relative squared error")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.curves.tables.curve_errors`.

    Returns:
        `ends`: final median errors of the curve and at the breakpoints, by learner.
    """
    training = table[table["stage"] == "training"]
    ends = training.loc[training.groupby("learner", sort=False)["step"].idxmax()]
    parts = (
        f"{number(row.error_median)} / {number(row.breakpoint_error_median)} ({learner_label(row.learner)})"
        for row in ends.itertuples()
    )
    return {"ends": listed(parts)}


def _curve(axis: plt.Axes, rows: pd.DataFrame, key: str, name: str, index: int, learner: str) -> None:
    x = rows[key] + (key == "step")  # updates completed
    style = {"marker": "o", "markersize": 3} if key == "n_curves" else {}
    low, high = rows[f"{name}_p10"].clip(lower=FLOOR), rows[f"{name}_p90"].clip(lower=FLOOR)
    axis.fill_between(x, low, high, color=color(index), alpha=0.2, linewidth=0)
    axis.plot(x, rows[f"{name}_median"], color=color(index), linewidth=1, label=learner_label(learner), **style)
