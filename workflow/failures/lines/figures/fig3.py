"""Figure 3: test accuracy against training steps, decomposition and end-to-end."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.lines.tables.fig3`: a panel a tuple length.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    ours = table[table["part"] == "training"]
    learners, lengths = list(ours["learner"].unique()), sorted(ours["tuple_length"].unique())
    figure, axes = plt.subplots(1, len(lengths), figsize=(PAGE, 2.4), sharex=True, sharey=True, squeeze=False)
    for axis, length in zip(axes[0], lengths, strict=True):
        rows = table[table["tuple_length"] == length]
        for index, learner in enumerate(learners):
            _curves(axis, rows[rows["learner"] == learner], index, learner)
        limit = rows.loc[rows["part"] == "ceiling", "accuracy"].item()
        axis.axhline(limit, color="0.3", linewidth=0.8, linestyle=(0, (4, 2)))
        place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "right", "va": "top"}
        axis.annotate(f"ceiling {limit:.3f}", (1, limit), (0, -7), fontsize="x-small", color="0.3", **place)
        axis.set(title=f"k = {length}", xlabel="training steps", ylim=(0.45, 1.0))
        axis.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k" if value else "0")
        axis.set_xlim(0, ours["step"].max())
    axes[0, 0].set_ylabel("accuracy of the tuple's label")
    axes[0, 0].plot([], [], color="0.4", linewidth=0.5, label="published")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize="small")
    add_note(figure, note)
    return figure


def _curves(axis: plt.Axes, rows: pd.DataFrame, index: int, learner: str) -> None:
    """The runs of one learner, thin and dark the published one, and its end on many test tuples."""
    dark = tuple(0.55 * part for part in color(index))
    published = rows[rows["part"] == "published"]
    axis.plot(published["step"], published["accuracy"], color=dark, linewidth=0.5)
    for number, (_, run) in enumerate(rows[rows["part"] == "training"].groupby("seed")):
        label = learner.replace("_", "-") if number == 0 else None
        axis.plot(run["step"], run["accuracy"], color=color(index), linewidth=1.1, label=label)
    final = rows[rows["part"] == "final"]
    axis.plot(final["step"], final["accuracy"], "o", color=color(index), markersize=3.5, mec="white", clip_on=False)
