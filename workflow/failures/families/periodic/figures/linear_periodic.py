"""Unexplained variance of linear-periodic targets and of a linear control against training steps (section 2)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from failures.artifacts.formats import listed, number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

LABELS = {"cosine": "ψ = cos 2πu", "square": "ψ = sign cos 2πu"}


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the unexplained variance, one row of panels per learner and wave and one column per norm.

    Args:
        table: Table of `failures.families.periodic.tables.linear_periodic`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    learners = table["learner"].unique()
    rows = [(learner, wave) for learner in learners for wave in LABELS if wave in set(table["wave"])]
    norms = sorted(table["norm"].unique())
    size = (PAGE, 1.0 + 1.6 * len(rows))
    figure, axes = plt.subplots(len(rows), len(norms), figsize=size, sharex=True, sharey=True, squeeze=False)
    for row, (learner, wave) in zip(axes, rows, strict=True):
        ours = table[table["learner"] == learner]
        for axis, norm in zip(row, norms, strict=True):
            _panel(axis, ours[ours["norm"] == norm], wave)
        row[0].set_ylabel("unexplained variance R")
        name = LABELS[wave] + f", {learner_label(learner)}" * (len(learners) > 1)
        row[0].annotate(name, (0.97, 0.9), xycoords="axes fraction", ha="right", fontsize="small")
    for axis, norm in zip(axes[0], norms, strict=True):
        axis.set_title(f"r = {norm:g}")
    for axis in axes[-1]:
        axis.set_xlabel("training steps")
        axis.xaxis.set_minor_formatter("")  # minor labels of short runs would overlap
    figure.legend(handles=_legend(table), loc="outside lower center", ncols=4)
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.periodic.tables.linear_periodic`.

    Returns:
        `ends`: final medians at the largest r and d, by target.
    """
    last = table[(table["norm"] == table["norm"].max()) & (table["step"] == table["step"].max())]
    last, ends = last[last["n_features"] == last["n_features"].max()], []
    for wave, name in {"cosine": "the cosine", "square": "its sign", "linear": "the linear target"}.items():
        medians = last.loc[last["wave"] == wave, "unexplained_median"]
        if len(medians):
            ends.append(f"{number(medians.median())} for {name}")
    place = f" (r = {last['norm'].iloc[0]:g}, d = {last['n_features'].iloc[0]})" if ends else ""
    return {"ends": listed(ends) + place}


def _panel(axis: plt.Axes, table: pd.DataFrame, wave: str) -> None:
    dimensions = sorted(table["n_features"].unique())
    axis.axhline(1, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    for index, n_features in enumerate(dimensions):
        for name, line, width in (("linear", "--", 0.9), (wave, "-", 1.2)):
            rows = table[(table["n_features"] == n_features) & (table["wave"] == name)]
            updates = rows["step"] + 1
            band = (rows["unexplained_p10"], rows["unexplained_p90"])
            axis.fill_between(updates, *band, color=color(index), alpha=0.2, linewidth=0)
            axis.plot(updates, rows["unexplained_median"], line, color=color(index), linewidth=width)
    axis.set(xscale="log", xlim=(table["step"][table["step"] > 0].min(), table["step"].max() + 1), ylim=(-0.03, 1.3))


def _legend(table: pd.DataFrame) -> list[Line2D]:
    dimensions = sorted(table["n_features"].unique())
    lines = [Line2D([], [], color=color(index), label=f"d = {d}") for index, d in enumerate(dimensions)]
    kinds = (("-", "periodic target"), ("--", "linear target"))
    linear = table["wave"] == "linear"
    drawn = ((~linear).any(), linear.any())
    lines += [
        Line2D([], [], color="0.3", linestyle=line, label=name)
        for (line, name), any_drawn in zip(kinds, drawn, strict=True)
        if any_drawn
    ]
    return [*lines, Line2D([], [], color="0.6", linestyle=(0, (1, 2)), linewidth=0.8, label="constant output")]
