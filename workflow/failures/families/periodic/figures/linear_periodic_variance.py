"""Gradient variance over the direction of v against d and r, by quadrature and Monte Carlo (section 2, Theorem 2)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

LABELS = {"cosine": "ψ = cos 2πu", "square": "ψ = sign cos 2πu"}
# By quantity that varies along a line: its column, the column and symbol of the fixed quantity, and the legend's title.
PANELS = {
    "dimension": ("n_features", "norm", "r", "fixed r: slope of ln(variance) per dimension"),
    "norm": ("norm", "n_features", "d", "fixed d: exponent of r"),
}
MARKERS = ("o", "s", "D", "P", "X")
# Lower end of the y axis; smaller variances are in the table only.
SMALLEST = 1e-24


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the variance against d (left) and r (right), one row per wave.

    Args:
        table: Table of `failures.families.periodic.tables.linear_periodic_variance`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    waves = [wave for wave in LABELS if wave in set(table["wave"])]
    size = (PAGE, 0.4 + 2.7 * len(waves))
    figure, axes = plt.subplots(len(waves), 2, figsize=size, sharex="col", sharey=True, squeeze=False)
    for row, wave in zip(axes, waves, strict=True):
        rows = table[table["wave"] == wave]
        for axis, line in zip(row, PANELS, strict=True):
            _panel(axis, rows[rows["line"] == line], line, _joint(axis, rows) if line == "dimension" else [])
        row[0].set_ylabel("gradient variance ÷ E‖∇p‖²")
        row[0].annotate(LABELS[wave], (0.04, 0.05), xycoords="axes fraction", fontsize="small")
    norms = sorted(table.loc[table["line"] == "dimension", "norm"].dropna().unique())
    norms = [*norms, *(norms[-1] * 2.0**octave for octave in (1, 2))]
    axes[0, 0].set(ylim=(SMALLEST, 0.3), yscale="log")
    axes[0, 1].set(xscale="log", xticks=norms, xticklabels=[f"{norm:g}" for norm in norms])
    axes[0, 1].minorticks_off()
    axes[-1, 0].set_xlabel("dimension d")
    axes[-1, 1].set_xlabel("norm r")
    figure.legend(handles=_kinds(table), loc="outside lower center", ncols=2)
    add_note(figure, note)
    return figure


def _panel(axis: plt.Axes, table: pd.DataFrame, line: str, others: list[Line2D]) -> None:
    x, fixed, letter, title = PANELS[line]
    points, slopes = table[table["quantity"] == "variance"], table[table["quantity"] == "slope"]
    handles, learners = [], list(_sampled(table))
    for index, (value, rows) in enumerate(points.groupby(fixed)):
        exact = rows[rows["method"] == "quadrature"].sort_values(x)
        for _, network in exact.groupby("learner"):
            axis.plot(network[x], network["value"], color=color(index), linewidth=1.2)
        for learner, sampled in rows[rows["method"] == "monte_carlo"].groupby("learner"):
            number = learners.index(learner)
            _estimates(axis, _aside(sampled, x, index, number), sampled, MARKERS[number], color(index))
        label = f"{letter} = {value:g}{_fitted(slopes[slopes[fixed] == value])}"
        handles.append(Line2D([], [], color=color(index), label=label))
    place = {"loc": "lower left", "bbox_to_anchor": (-0.04, 0.98), "alignment": "left"}
    axis.legend(handles=[*handles, *others], title=title, ncols=2, handlelength=1.2, fontsize="small", **place)


def _aside(rows: pd.DataFrame, x: str, index: int, learner: int) -> pd.Series:
    """Return positions on the x axis, shifted sideways so that upper limits and learners do not overlap."""
    shift = 0.35 * (index * rows["upper_limit"].notna() + 1.5 * learner)
    return rows[x] + shift if x == "n_features" else rows[x] * 1.08**shift


def _estimates(axis: plt.Axes, x: pd.Series, rows: pd.DataFrame, marker: str, shade: tuple) -> None:
    """Draw points with bars of two standard errors; triangles at the upper limit if an estimate is too close to 0."""
    resolved, limits = rows["upper_limit"].isna(), rows["upper_limit"]
    style = {"color": shade, "linestyle": "", "markersize": 3.5, "mfc": "white", "mew": 0.8, "elinewidth": 0.8}
    axis.errorbar(x[resolved], rows["value"][resolved], 2 * rows["standard_error"][resolved], marker=marker, **style)
    axis.plot(x[~resolved], limits[~resolved], "v", color=shade, markersize=2.5, mew=0, alpha=0.8)


def _joint(axis: plt.Axes, table: pd.DataFrame) -> list[Line2D]:
    """Draw the line on which d and r grow together; return its entry of the legend, if any."""
    table = table[(table["line"] == "both") & (table["method"] == "quadrature")]
    points = table[table["quantity"] == "variance"].sort_values("n_features")
    style = {"color": "0.2", "linewidth": 1.2, "linestyle": "--"}
    for _, network in points.groupby("learner"):
        axis.plot(network["n_features"], network["value"], **style)
    if points.empty:
        return []
    return [Line2D([], [], **style, label=f"r = √d{_fitted(table[table['quantity'] == 'slope'])}")]


def _fitted(slopes: pd.DataFrame) -> str:
    """Format the slope of a line's quadrature with its standard error; empty unless exactly one slope is fitted."""
    slopes = slopes[slopes["method"] == "quadrature"]
    if len(slopes) != 1:
        return ""
    slope, error = slopes[["value", "standard_error"]].iloc[0]
    digits = 2 if error > 0.005 else 3
    return f": {slope:.{digits}f} ± {error:.{digits}f}".replace("-", "−")


def _sampled(table: pd.DataFrame) -> pd.Index:
    """Return the learners with Monte Carlo estimates, in the order of the table."""
    return pd.Index(table.loc[table["method"] == "monte_carlo", "learner"].unique())


def _kinds(table: pd.DataFrame) -> list[Line2D]:
    handles = []
    if (table["method"] == "quadrature").any():
        handles.append(Line2D([], [], color="0.3", label="quadrature"))
    estimated = set(table.loc[(table["method"] == "monte_carlo") & table["upper_limit"].isna(), "learner"])
    for learner, marker in zip(_sampled(table), MARKERS, strict=False):
        if learner not in estimated:
            continue
        style = {"marker": marker, "mfc": "white", "markersize": 3.5, "linestyle": ""}
        handles.append(Line2D([], [], color="0.3", label=f"Monte Carlo: {learner_label(learner)}", **style))
    if table["upper_limit"].notna().any():
        handles.append(Line2D([], [], color="0.3", marker="v", markersize=3, linestyle="", label="upper limit"))
    return handles
