"""Updates to the target for every optimiser at its best rate: against the size, and for one problem of each family."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.beyond.growth import LAWS
from failures.style import PAGE, add_note, color

OPTIMISERS = ("SGD", "momentum", "Adam", "Lion", "Muon")
SIZES = {"parity": "bits d", "curves": "points n"}
# Where 'not reached' is drawn, in budgets.
BEYOND = 1.5


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.beyond.tables.optimisers`: panels of growth, and one of the rest.

    note: what to say of a run that is not at the paper's scale or settings.
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
        axes[0, 0].set_ylabel("updates to the target")
    _rest(axes[0, -1], best[~growing], names)
    handles = [plt.Line2D([], [], color=color(index), marker="o", markersize=3) for index in range(len(names))]
    handles.append(plt.Line2D([], [], color="0.4", marker="^", markersize=4, linestyle="", markerfacecolor="none"))
    labels = [*names, "not reached"]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize="small")
    add_note(figure, note)
    return figure


def _clipped(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `updates` and its interval where they are drawn: what was not reached lies beyond the budget."""
    limit = rows["budget"].astype(float) * BEYOND
    parts = ["updates", "updates_low", "updates_high"]
    # An interval that is not known is a point.
    known = rows[parts].apply(lambda column: column.fillna(rows["updates"]).clip(upper=limit))
    return rows.assign(reached=np.isfinite(rows["updates"]), **{part: known[part] for part in parts})


def _growth(axis: plt.Axes, rows: pd.DataFrame, names: list[str]) -> None:
    """A line an optimiser, with intervals."""
    for index, name in enumerate(names):
        ours = _clipped(rows[rows["optimiser"] == name].sort_values("size"))
        axis.plot(ours["size"], ours["updates"], color=color(index), linewidth=1)
        axis.vlines(ours["size"], ours["updates_low"], ours["updates_high"], color=color(index), linewidth=0.8)
        _marks(axis, ours["size"], ours["updates"], ours["reached"], index)


def _rest(axis: plt.Axes, rows: pd.DataFrame, names: list[str]) -> None:
    """A group of rows for each problem that is drawn nowhere else."""
    problems = list(rows.groupby(["family", "problem"]))
    for place, (_, of_problem) in enumerate(problems):
        for index, name in enumerate(names):
            ours = _clipped(of_problem[of_problem["optimiser"] == name])
            heights = np.full(len(ours), place + 0.8 * ((index + 0.5) / len(names) - 0.5))
            axis.hlines(heights, ours["updates_low"], ours["updates_high"], color=color(index), linewidth=0.8)
            _marks(axis, ours["updates"], heights, ours["reached"], index)
    axis.set(title="one problem a family", xlabel="updates to the target", xscale="log")
    axis.set_yticks(
        range(len(problems)), [f"{family}\n{problem}" for (family, problem), _ in problems], fontsize="x-small"
    )
    axis.invert_yaxis()


def _marks(axis: plt.Axes, x: pd.Series, y: pd.Series, reached: pd.Series, index: int) -> None:
    """Dots for times, hollow triangles for what was not reached."""
    x, y, reached = (np.asarray(values) for values in (x, y, reached))
    axis.plot(x[reached], y[reached], "o", color=color(index), markersize=3)
    axis.plot(x[~reached], y[~reached], "^", color=color(index), markersize=4, markerfacecolor="none")
