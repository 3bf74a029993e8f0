"""Figure 3: test accuracy on tuples of lines against training steps, end-to-end and by decomposition (section 3.1)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed, number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw accuracy against training steps, one panel per tuple length.

    Args:
        table: Table of `failures.families.lines.tables.fig3`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    ours = table[table["part"] == "training"]
    learners, lengths = list(ours["learner"].unique()), sorted(ours["tuple_length"].unique())
    last = ours["step"].max()
    figure, axes = plt.subplots(1, len(lengths), figsize=(PAGE, 2.4), sharex=True, sharey=True, squeeze=False)
    for axis, length in zip(axes[0], lengths, strict=True):
        rows = table[table["tuple_length"] == length]
        for index, learner in enumerate(learners):
            _curves(axis, rows[rows["learner"] == learner], index, learner)
        limit = rows.loc[rows["part"] == "ceiling", "accuracy"].item()
        axis.axhline(limit, color="0.3", linewidth=0.8, linestyle=(0, (4, 2)), label="ceiling")
        axis.set(title=f"k = {length}, ceiling {limit:.3f}", xlabel="training steps", ylim=(0.45, 1.0), xlim=(0, last))
        axis.xaxis.set_major_formatter(
            lambda value, _: f"{value / 1000:g}k" if value and last >= 5000 else f"{value:g}"
        )
    axes[0, 0].set_ylabel("test accuracy")
    if len(_published(table)):
        axes[0, 0].plot([], [], color="0.4", linewidth=0.5, label="published")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.lines.tables.fig3`.

    Returns:
        `ends`: final accuracy by learner and tuple length, mean over replicates. `published`: description of the
        published curves; empty if none is drawn.
    """
    final = table[table["part"] == "final"]
    ends = [
        f"Final accuracy ({learner_label(learner)}): {listed(f'{number(value)} at k = {k}' for k, value in means)}."
        for learner, rows in final.groupby("learner", sort=False)
        for means in [rows.groupby("tuple_length")["accuracy"].mean().items()]
    ]
    published = "Thin dark lines are the curves that the paper shows." if len(_published(table)) else ""
    return {"ends": " ".join(ends), "published": published}


def _published(table: pd.DataFrame) -> pd.DataFrame:
    """Select the published points of the learners and tuple lengths in the figure, up to our last step."""
    ours, published = (table[table["part"] == part] for part in ("training", "published"))
    published = published[published["step"] <= ours["step"].max()]
    return published.merge(ours[["learner", "tuple_length"]].drop_duplicates())


def _curves(axis: plt.Axes, rows: pd.DataFrame, index: int, learner: str) -> None:
    """Draw the runs of one learner, the published run (thin and dark), and a dot for the final accuracy."""
    dark = tuple(0.55 * part for part in color(index))
    published = rows[rows["part"] == "published"]
    axis.plot(published["step"], published["accuracy"], color=dark, linewidth=0.5)
    for replicate, (_, run) in enumerate(rows[rows["part"] == "training"].groupby("seed")):
        label = learner_label(learner) if replicate == 0 else None
        axis.plot(run["step"], run["accuracy"], color=color(index), linewidth=1.1, label=label)
    final = rows[rows["part"] == "final"]
    axis.plot(final["step"], final["accuracy"], "o", color=color(index), markersize=3.5, mec="white", clip_on=False)
