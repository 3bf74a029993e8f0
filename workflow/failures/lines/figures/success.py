"""How often end-to-end training learns: every replicate's accuracy, and the share that gets there."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.formats import listed, number, percent
from failures.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.lines.tables.success`: a panel of curves a learner and problem.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    groups = list(table.groupby(["tuple_length", "learner", "problem"]))
    several = len(table["learner"].unique()) > 1
    figure, axes = plt.subplots(1, len(groups), figsize=(PAGE, 2.6), sharey=True, squeeze=False)
    for axis, ((length, learner, _), rows) in zip(axes[0], groups, strict=True):
        for seed, run in rows.groupby("seed"):
            _run(axis, run, color(int(seed) % 10))
        limit, share = rows["ceiling"].iloc[0], rows[["success", "success_low", "success_high"]].iloc[0]
        _level(axis, "ceiling", limit, "0.3", (0, (4, 2)))
        _level(axis, "has learnt", rows["threshold"].iloc[0], "0.5", (0, (1, 2)))
        n = rows["n_replicates"].iloc[0]
        axis.set_title(
            f"k = {length}{f', {learner}' * several}: {round(share['success'] * n)} of {n} learn\n"
            f"(95 % interval {share['success_low']:.0%} to {share['success_high']:.0%})"
        )
        axis.set(xlabel="training steps", ylim=(0.45, 1.0), xlim=(0, rows["step"].max()))
        axis.xaxis.set_major_formatter("{x:,.0f}")
    axes[0, 0].set_ylabel("accuracy of the tuple's label")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Numbers for the caption. outcomes: how many runs learn for each tuple length, with 95 % intervals and times."""
    outcomes = []
    for (length, _, _), rows in table.groupby(["tuple_length", "learner", "problem"]):
        row, times = rows.iloc[0], rows.groupby("seed")["learnt_at"].first()
        times = times[np.isfinite(times)].sort_values()
        when = f", after {listed(map(number, times))} updates" if len(times) else ""
        limits = f"95 % interval {percent(row['success_low'])} to {percent(row['success_high'])}"
        outcomes.append(f"{len(times)} of {row['n_replicates']} replicates learn at k = {length}{when} ({limits})")
    return {"outcomes": listed(outcomes)}


def _level(axis: plt.Axes, name: str, height: float, shade: str, style: tuple) -> None:
    """A named horizontal line."""
    axis.axhline(height, color=shade, linewidth=0.8, linestyle=style)
    place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "right", "va": "top"}
    axis.annotate(name, (1, height), (0, -2), fontsize="x-small", color=shade, **place)


def _run(axis: plt.Axes, run: pd.DataFrame, shade: tuple[float, float, float]) -> None:
    """The curve of one replicate, with a dot where it has learnt."""
    axis.plot(run["step"], run["accuracy"], color=shade, linewidth=1)
    learnt_at = run["learnt_at"].iloc[0]
    if np.isfinite(learnt_at):
        at = run[run["step"] == learnt_at - 1]
        axis.plot(at["step"], at["accuracy"], "o", color=shade, markersize=4, mec="white")
