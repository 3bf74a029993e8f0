"""Success rate of end-to-end training: accuracy of every replicate, and the share of replicates that learn."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.artifacts.formats import listed, number, percent
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw accuracy against training steps, one panel per problem and learner and one curve per replicate.

    Args:
        table: Table of `failures.families.lines.tables.success`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    groups = list(table.groupby(["tuple_length", "learner", "problem"]))
    several = len(table["learner"].unique()) > 1
    figure, axes = plt.subplots(1, len(groups), figsize=(PAGE, 2.6), sharey=True, squeeze=False)
    for axis, ((length, learner, _), rows) in zip(axes[0], groups, strict=True):
        for seed, run in rows.groupby("seed"):
            _run(axis, run, color(int(seed) % 10))
        limit, share = rows["ceiling"].iloc[0], rows[["success", "success_low", "success_high"]].iloc[0]
        _level(axis, "ceiling", limit, "0.3", (0, (4, 2)))
        _level(axis, "threshold", rows["threshold"].iloc[0], "0.5", (0, (1, 2)))
        n = rows["n_replicates"].iloc[0]
        axis.set_title(
            f"k = {length}{f', {learner_label(learner)}' * several}: {round(share['success'] * n)} of {n} learn\n"
            f"(95 % interval {percent(share['success_low'])} to {percent(share['success_high'])})"
        )
        axis.set(xlabel="training steps", ylim=(0.45, 1.0), xlim=(0, rows["step"].max()))
        axis.xaxis.set_major_formatter("{x:,.0f}")
    axes[0, 0].set_ylabel("test accuracy")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.lines.tables.success`.

    Returns:
        `outcomes`: one sentence per panel, with the success rate and the times to learn.
    """
    several = len(table["learner"].unique()) > 1
    outcomes = []
    for (length, learner, _), rows in table.groupby(["tuple_length", "learner", "problem"]):
        row, times = rows.iloc[0], rows.groupby("seed")["learnt_at"].first()
        times = times[np.isfinite(times)].sort_values()
        name = f"k = {length}{f' ({learner_label(learner)})' * several}"
        result = f"{len(times)} of {row['n_replicates']} replicates {'learns' if len(times) == 1 else 'learn'}"
        when = f", after {listed(map(number, times))} training steps" if len(times) else ""
        limits = f"95 % interval {percent(row['success_low'])} to {percent(row['success_high'])}"
        outcomes.append(f"At {name}, {result}{when} (success rate {percent(row['success'])}, {limits}).")
    return {"outcomes": " ".join(outcomes)}


def _level(axis: plt.Axes, name: str, height: float, shade: str, style: tuple) -> None:
    """Draw a horizontal line with its name below its right end."""
    axis.axhline(height, color=shade, linewidth=0.8, linestyle=style)
    place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "right", "va": "top"}
    axis.annotate(name, (1, height), (0, -2), fontsize="x-small", color=shade, **place)


def _run(axis: plt.Axes, run: pd.DataFrame, shade: tuple[float, float, float]) -> None:
    """Draw the curve of one replicate, with a dot at its first evaluation above the threshold."""
    axis.plot(run["step"], run["accuracy"], color=shade, linewidth=1)
    learnt_at = run["learnt_at"].iloc[0]
    if np.isfinite(learnt_at):
        at = run[run["step"] == learnt_at - 1]
        axis.plot(at["step"], at["accuracy"], "o", color=shade, markersize=4, mec="white")
