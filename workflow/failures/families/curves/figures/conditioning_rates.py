"""Gradient descent on curves: error, divergence and number of iterations (section 4, Lemma 2, Theorem 3)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.style import PAGE, add_note, color

METHODS = {"closed_form": "closed form", "simulation": "gradient descent", "stochastic": "SGD, mean"}
LEARNERS = ("linear", "convolution", "conditioned")
LINES = {"": "-", "slopes": "-", "uniform": "--"}
LARGEST = 1e12


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw one panel per part of the table: error against iterations, error against step size, iterations against n.

    Args:
        table: Table of `failures.families.curves.tables.conditioning_rates`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.9))
    parts = dict(list(table.groupby("part")))
    for axis, name in zip(axes[:2], ("descent", "threshold"), strict=True):
        for method, rows in parts[name].groupby("method"):
            index, marks = list(METHODS).index(method), method != "closed_form"
            style = {"linestyle": "", "marker": ".x"[index - 1], "markersize": 4} if marks else {"linewidth": 1}
            axis.plot(rows["x"], rows["value"].clip(upper=LARGEST), color=color(index), label=METHODS[method], **style)
        axis.set(yscale="log", ylabel="spectral error ||U − W⁻¹||" if name == "descent" else "")
    n_points = parts["descent"]["n_points"].iloc[0]
    axes[0].set(xscale="log", xlabel="iterations", title=f"Lemma 2, n = {n_points}")
    axes[0].legend(fontsize="small")
    axes[1].axvline(2, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    axes[1].set(xlabel=r"step size $\eta\lambda S_{11}^2$", title="after 1000 iterations")
    _iterations(axes[2], parts["iterations"])
    add_note(figure, note)
    return figure


def _iterations(axis: plt.Axes, table: pd.DataFrame) -> None:
    for (learner, method), rows in table.groupby(["learner", "method"]):
        name, _, distribution = learner.partition("_")
        shade, line = color(LEARNERS.index(name)), LINES[distribution]
        if method == "bound":
            shade, line, name = "0.3", ":", "Theorem 3"
        if method == "simulation":
            axis.plot(rows["x"], rows["value"], "o", color=shade, markersize=3, markerfacecolor="w")
            continue
        axis.plot(rows["x"], rows["value"], line, color=shade, linewidth=1)
        if learner != "conditioned_uniform":  # coincides with conditioned_slopes
            text, end = "(curves of the text)" if distribution == "uniform" else name, rows.loc[rows["x"].idxmax()]
            place = {"textcoords": "offset points", "va": "center", "color": shade, "fontsize": "x-small"}
            axis.annotate(text, (end["x"], end["value"]), (4, 0), **place)
    axis.set(xscale="log", yscale="log", xlabel="number of points n", title="iterations to an error of 0.5")
    axis.set_ylim(0.1, table["value"].max() * 10)
