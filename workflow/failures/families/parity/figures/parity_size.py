"""Figure of the training steps to 90, 99 and 100 % accuracy against parity size."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from failures.artifacts.formats import listed
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

ENCODINGS = {"signed": ("o", "-", "x in {−1, +1}"), "binary": ("s", "--", "x in {0, 1}")}


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw one row of panels per learner and one panel per d.

    Args:
        table: Table of `failures.families.parity.tables.parity_size`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    learners, dimensions = table["learner"].unique(), sorted(table["n_features"].unique())
    size = (PAGE, 2.7 * len(learners))
    figure, axes = plt.subplots(len(learners), len(dimensions), figsize=size, sharey="row", squeeze=False)
    for row, learner in zip(axes, learners, strict=True):
        for axis, n_features in zip(row, dimensions, strict=True):
            _panel(axis, table[(table["learner"] == learner) & (table["n_features"] == n_features)])
            axis.set_title(f"d = {n_features}" + f", {learner_label(learner)}" * (len(learners) > 1))
        row[0].set_ylabel("training steps")
    for axis in axes[-1]:
        axis.set_xlabel("parity size |v*|")
    figure.legend(handles=_legend(table), loc="outside right center")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.parity_size`.

    Returns:
        `thresholds`: the accuracies to reach, in percent, as text.
    """
    return {"thresholds": listed(100 * threshold for threshold in sorted(table["threshold"].unique()))}


def _panel(axis: plt.Axes, table: pd.DataFrame) -> None:
    limit = table["n_steps"].max()
    axis.axhline(limit, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    thresholds = sorted(table["threshold"].unique())
    for (encoding, threshold), rows in table.groupby(["encoding", "threshold"]):
        marker, line, _ = ENCODINGS[encoding]
        shade = color(thresholds.index(threshold))
        # A run that does not reach the accuracy counts as infinitely long, so that the median stays exact.
        median = rows.fillna({"steps": float("inf")}).groupby("subset_size")["steps"].median()
        axis.plot(median.index, median, line, color=shade, linewidth=1.2)
        reached = rows.dropna(subset="steps")
        axis.plot(reached["subset_size"], reached["steps"], marker, color=shade, markersize=3, alpha=0.6, mew=0)
        never = rows[rows["steps"].isna()]
        axis.plot(never["subset_size"], 1.25 * never["n_steps"], "^", color=shade, markersize=4, mfc="none")
    axis.set(yscale="log", xticks=sorted(table["subset_size"].unique()))


def _legend(table: pd.DataFrame) -> list[Line2D]:
    thresholds = sorted(table["threshold"].unique())
    lines = [
        Line2D([], [], color=color(index), label=f"to {t:.0%} accuracy".replace("%", " %"))
        for index, t in enumerate(thresholds)
    ]
    for encoding, (marker, line, name) in ENCODINGS.items():
        if encoding in set(table["encoding"]):
            lines.append(Line2D([], [], color="0.3", marker=marker, linestyle=line, markersize=3, label=name))
    missing = Line2D([], [], color="0.3", marker="^", mfc="none", linestyle="", label="not reached")
    return lines + [missing] * int(table["steps"].isna().any())
