"""Figure of the weight distance between two copies of a network that are trained on different targets."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from failures.artifacts.formats import number
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the distances against training steps, and those after the last step against d.

    Args:
        table: Table of `failures.families.parity.tables.target_blindness`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 3.7), sharey=True)
    exact = table[table["samples"] == "cube"]
    dimensions = sorted(exact["n_features"].unique())
    shades = plt.get_cmap("viridis")([0.85 * index / max(len(dimensions) - 1, 1) for index in range(len(dimensions))])
    for shade, n_features in zip(shades, dimensions, strict=True):
        rows = exact[exact["n_features"] == n_features].groupby("step").median(numeric_only=True)
        axes[0].plot(rows.index + 1, rows["drift_float64"], color=shade, linewidth=1.2, label=f"d = {n_features}")
        axes[0].plot(rows.index + 1, rows["drift_float32"], color="black", linewidth=0.8, linestyle=(0, (1, 3)))
        axes[0].plot(rows.index + 1, rows["rounding"], color=shade, linewidth=0.8, linestyle="--")
    axes[0].set(xscale="log", yscale="log", xlabel="training steps", title="exact gradients")
    axes[0].set_ylabel("distance ÷ norm of initial weights")
    axes[0].legend(fontsize="x-small", loc="center left", bbox_to_anchor=(0, 0.3), ncols=3)
    _ends(axes[1], table[table["step"] == table["step"].max()])
    figure.legend(handles=_legend(table), loc="outside lower center", ncols=2, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.target_blindness`.

    Returns:
        `control`: sentence with the ratio of the distance between two targets to that with random labels, at the
        largest d.
    """
    ends = table[(table["step"] == table["step"].max()) & (table["samples"] == "fresh")]
    medians = ends.groupby(["labels", "n_features"])["drift_float64"].median().unstack("labels")
    medians = medians.dropna() if {"parity", "coins"} <= set(medians) else medians.iloc[:0]
    if medians.empty:
        return {"control": ""}
    last = medians.iloc[-1]
    return {
        "control": f"At d = {last.name}, the ratio of these two distances is {number(last['parity'] / last['coins'])}."
    }


def _ends(axis: plt.Axes, table: pd.DataFrame) -> None:
    for samples, labels, metric, shade, line, marker in SERIES:
        rows = table[(table["samples"] == samples) & (table["labels"] == labels)]
        median = rows.groupby("n_features")[metric].median()
        axis.plot(median, line, color=color(shade), linewidth=1.2)
        axis.plot(rows["n_features"], rows[metric], marker, color=color(shade), markersize=3, alpha=0.5, mew=0)
    exact = table[table["samples"] == "cube"].groupby("n_features")["drift_float64"].median()
    if len(exact):
        guide = exact.iloc[-1] * 2.0 ** ((exact.index[-1] - exact.index) / 2)
        axis.plot(exact.index, guide, color="0.5", linewidth=0.8, linestyle=(0, (1, 2)))
    axis.set(xlabel="bits d", title=f"after {table['step'].max() + 1} training steps")


SERIES = (
    ("cube", "parity", "drift_float64", 0, "-", "o"),
    ("cube", "parity", "travel", 1, "-", "D"),
    ("cube", "parity", "rounding", 2, "--", "s"),
    ("fresh", "parity", "drift_float64", 3, "-", "^"),
    ("fresh", "coins", "drift_float64", 4, "--", "v"),
)
NAMES = (
    "between two targets, exact gradients",
    "from the initial weights, exact gradients",
    "between float32 and float64, exact gradients",
    "between two targets, batches of samples",
    "between two copies with random labels, batches",
)


def _legend(table: pd.DataFrame) -> list[Line2D]:
    lines = [
        Line2D([], [], color=color(shade), linestyle=line, marker=marker, markersize=3, label=name)
        for (samples, labels, _, shade, line, marker), name in zip(SERIES, NAMES, strict=True)
        if ((table["samples"] == samples) & (table["labels"] == labels)).any()
    ]
    if not (table["samples"] == "cube").any():
        return lines
    return [*lines, Line2D([], [], color="0.5", linestyle=(0, (1, 2)), label="proportional to $2^{-d/2}$")]
