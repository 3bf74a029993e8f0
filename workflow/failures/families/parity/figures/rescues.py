"""Figure of the interventions: accuracy with and without each, and training steps on sparse parities against d."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from failures.artifacts.formats import listed
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

NAMES = {
    "uniform": "control",
    "sparse": "sparse parities, |v| = {size:.0f}",
    "mixed": "mixed inputs",
    "prefix_labels": "prefix labels",
}
LINES = ("-", "--", ":", "-.")
MARKERS = "osDP"
SPARSE = list(NAMES).index("sparse")


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw accuracy against training steps, and training steps against d.

    Args:
        table: Table of `failures.families.parity.tables.rescues`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 4.4), width_ratios=(1.25, 1))
    _curves(axes[0], table[table["part"] == "curve"])
    _powers(axes[1], table[table["intervention"] == "sparse"])
    # The legend of the left panel; the right panel has its own.
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", fontsize="small", ncols=2)
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.rescues`.

    Returns:
        `reached`: number of runs at the largest d that reach 99 % accuracy, per intervention, as text.
    """
    runs, reached = table[table["part"] == "run"], []
    for intervention, name in NAMES.items():
        title = {"uniform": "no intervention", "sparse": "sparse parities"}.get(intervention, name)
        rows = runs[runs["intervention"] == intervention]
        rows = rows[rows["n_features"] == rows["n_features"].max()]
        if len(rows):
            d = f"d = {rows['n_features'].iloc[0]:.0f}"
            reached.append(f"{rows['steps'].notna().sum()} of {len(rows)} with {title} ({d})")
    return {"reached": listed(reached)}


def _curves(axis: plt.Axes, table: pd.DataFrame) -> None:
    axis.axhline(0.5, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    for index, (intervention, name) in enumerate(NAMES.items()):
        curves = table[table["intervention"] == intervention]
        learners = list(curves["learner"].unique())
        shown = ["learner", "n_features", "subset_size"]
        for curve, ((learner, _, size), rows) in enumerate(curves.groupby(shown, dropna=False)):
            label = name.format(size=size) + f": {learner_label(learner)}" * (len(learners) > 1)
            # The evaluation at step 0 comes after the first update.
            steps = rows["step"] + 1
            axis.fill_between(
                steps, rows["accuracy_p10"], rows["accuracy_p90"], color=color(index), alpha=0.2, linewidth=0
            )
            style = LINES[curve % len(LINES)]
            axis.plot(steps, rows["accuracy_median"], style, color=color(index), linewidth=1.2, label=label)
    axis.set(
        title=f"interventions, d = {listed(sorted(table['n_features'].unique()))}",
        xlabel="training steps",
        ylabel="accuracy on uniform inputs",
    )
    axis.set(xscale="log", ylim=(0.4, 1.02))


def _powers(axis: plt.Axes, table: pd.DataFrame) -> None:
    runs, fits = table[table["part"] == "run"], table[table["part"] == "exponent"]
    handles = []
    for index, (size, rows) in enumerate(runs.groupby("subset_size")):
        style = {"color": color(SPARSE), "linestyle": "", "markersize": 4, "alpha": 0.6}
        marker = MARKERS[index % len(MARKERS)]
        axis.plot(rows["n_features"], rows["steps"], marker, **style, mew=0)
        never = rows[rows["steps"].isna()]
        axis.plot(never["n_features"], 1.25 * never["n_steps"], "^", **style, mfc="none")
        label = f"|v| = {size:.0f}"
        for fit in fits[fits["subset_size"] == size].itertuples():
            d = np.array([rows["n_features"].min(), rows["n_features"].max()], float)
            axis.plot(d, fit.factor * d**fit.exponent, LINES[index % len(LINES)], color=color(SPARSE))
            label += f": $d^{{{fit.exponent:.2f}}}$ [{fit.exponent_low:.2f}, {fit.exponent_high:.2f}]"
        handles.append(Line2D([], [], **style | {"linestyle": LINES[index % len(LINES)]}, marker=marker, label=label))
    dimensions = sorted(runs["n_features"].unique())
    axis.set(
        title="sparse parities", xlabel="bits d", ylabel="training steps to 99 % accuracy", xscale="log", yscale="log"
    )
    axis.set_xticks(dimensions, [f"{d:.0f}" for d in dimensions])
    axis.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    axis.set_ylim(top=30 * axis.get_ylim()[1])  # space for the legend
    axis.legend(handles=handles, fontsize="small", loc="upper left")
