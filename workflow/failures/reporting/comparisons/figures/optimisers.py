"""Training steps to a target by optimiser, at the best learning rate: against problem size, and by family."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.artifacts.formats import number
from failures.artifacts.style import PAGE, add_note, color
from failures.reporting.comparisons.growth import LAWS

# Optimisers of the table with their names in the legend, in the order of their colours.
OPTIMISERS = {"SGD": "SGD", "momentum": "SGD with momentum", "Adam": "Adam", "Lion": "Lion", "Muon": "Muon"}
SIZES = {"parity": "number of bits d", "curves": "number of points n"}
SYMBOLS = {"curves": "n", "lines": "k", "portfolio": "k"}
# Position of the triangles that mark targets not reached, in budgets of training steps.
BEYOND = 1.5


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw one panel per family with several sizes, and one panel for all other problems.

    Args:
        table: Table of `failures.reporting.comparisons.tables.optimisers`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    best = table[table["part"] == "best"]
    reached = best.groupby(["family", "problem"])["updates"].transform(lambda updates: np.isfinite(updates).any())
    growing = best["family"].isin(table.loc[table["part"] == "growth", "family"]) & reached
    families = sorted(best.loc[growing, "family"].unique(), reverse=True)
    widths = [1.0] * len(families) + [1.1]
    figure, axes = plt.subplots(1, len(widths), figsize=(PAGE, 2.9), width_ratios=widths, squeeze=False)
    names = [name for name in OPTIMISERS if name in set(best["optimiser"])]
    names += sorted(set(best["optimiser"]) - set(names))
    for axis, family in zip(axes[0], families, strict=False):
        _growth(axis, best[growing & (best["family"] == family)], names)
        power = LAWS.get(family, "power") == "power"
        axis.set(title=family, xlabel=SIZES.get(family, "size"), yscale="log", xscale="log" if power else "linear")
        sizes = sorted(best.loc[growing & (best["family"] == family), "size"].unique())
        axis.set_xticks(sizes, [f"{size:g}" for size in sizes])
        axis.minorticks_off()
    if families:
        axes[0, 0].set_ylabel("training steps to the target")
    _rest(axes[0, -1], best[~growing], names)
    handles = [plt.Line2D([], [], color=color(index), marker="o", markersize=3) for index in range(len(names))]
    labels = [OPTIMISERS.get(name, name) for name in names]
    if np.isinf(best["updates"]).any():
        handles.append(plt.Line2D([], [], color="0.4", marker="^", markersize=4, linestyle="", markerfacecolor="none"))
        labels.append("not reached")
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.reporting.comparisons.tables.optimisers`.

    Returns:
        rates, replicates: Largest number of learning rates and of replicates per optimiser. growth: Smallest and
        largest fitted growth by family; empty without fits.
    """
    best, rates = (table[table["part"] == part] for part in ("best", "rate"))
    growth = table[(table["part"] == "growth") & table["exponent"].notna()]
    sentences = []
    for family, rows in growth.groupby("family", sort=False):
        laws = [_law(row) for row in rows.sort_values("exponent").itertuples()]
        ends = laws if len(laws) == 1 else [laws[0], laws[-1]]
        sentences.append(f"The fitted growth for {family} is {' to '.join(ends)}.")
    return {
        "rates": _counted(rates.groupby(["family", "problem", "learner"]).size().max(), "learning rate"),
        "replicates": _counted(best["n_replicates"].max(), "replicate"),
        "growth": " ".join(sentences),
    }


def _counted(count: float, noun: str) -> str:
    """Format a count with its noun: 1 replicate, 3 replicates."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def _law(row: NamedTuple) -> str:
    """Format the fitted growth of an optimiser's training steps with the size."""
    exponent, symbol = number(row.exponent), SYMBOLS.get(row.family, "d")
    law = f"2^({exponent} {symbol})" if row.law == "exponential" else f"{symbol}^{exponent}"
    return f"{law} ({OPTIMISERS.get(row.optimiser, row.optimiser)})"


def _clipped(rows: pd.DataFrame) -> pd.DataFrame:
    """Clip `updates` and its interval for drawing: targets that are not reached lie beyond the budget."""
    limit = rows["budget"].astype(float) * BEYOND
    parts = ["updates", "updates_low", "updates_high"]
    # An unknown interval is drawn as a point.
    known = rows[parts].apply(lambda column: column.fillna(rows["updates"]).clip(upper=limit))
    return rows.assign(reached=np.isfinite(rows["updates"]), **{part: known[part] for part in parts})


def _growth(axis: plt.Axes, rows: pd.DataFrame, names: list[str]) -> None:
    """Draw one line per optimiser, with intervals."""
    for index, name in enumerate(names):
        subset = _clipped(rows[rows["optimiser"] == name].sort_values("size"))
        axis.plot(subset["size"], subset["updates"], color=color(index), linewidth=1)
        axis.vlines(subset["size"], subset["updates_low"], subset["updates_high"], color=color(index), linewidth=0.8)
        _marks(axis, subset["size"], subset["updates"], subset["reached"], index)


def _rest(axis: plt.Axes, rows: pd.DataFrame, names: list[str]) -> None:
    """Draw one group of rows per problem, one row per optimiser."""
    problems = list(rows.groupby(["family", "size", "problem"]))
    for place, (_, problem_rows) in enumerate(problems):
        for index, name in enumerate(names):
            subset = _clipped(problem_rows[problem_rows["optimiser"] == name])
            heights = np.full(len(subset), place + 0.8 * ((index + 0.5) / len(names) - 0.5))
            axis.hlines(heights, subset["updates_low"], subset["updates_high"], color=color(index), linewidth=0.8)
            _marks(axis, subset["updates"], heights, subset["reached"], index)
    axis.set(title="other problems", xlabel="training steps to the target", xscale="log")
    labels = [f"{family}\n{SYMBOLS.get(family, 'd')} = {size:g}" for (family, size, _), _ in problems]
    axis.set_yticks(range(len(problems)), labels, fontsize="x-small")
    axis.invert_yaxis()


def _marks(axis: plt.Axes, x: pd.Series, y: pd.Series, reached: pd.Series, index: int) -> None:
    """Draw dots for targets that are reached, and hollow triangles for the others."""
    x, y, reached = (np.asarray(values) for values in (x, y, reached))
    axis.plot(x[reached], y[reached], "o", color=color(index), markersize=3)
    axis.plot(x[~reached], y[~reached], "^", color=color(index), markersize=4, markerfacecolor="none")
