"""Figure of Theorem 1: variance against d, ratio to the bound, split by parity size, and ratio during training."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from scipy.special import comb

from failures.artifacts.formats import listed
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

LOSSES = {"square": "-", "logistic": ":", "hinge": "--"}
MARKERS = "osD^vP*X"


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the four panels.

    Args:
        table: Table of `failures.families.parity.tables.gradient_variance`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(2, 2, figsize=(PAGE, 5.6))
    initial, trained = (table[table["stage"] == stage] for stage in ("initial", "trained"))
    _variance(axes[0, 0], initial[initial["loss"] == "square"])
    _ratio(axes[0, 1], initial)
    _shares(axes[1, 0], initial[initial["loss"] == "square"])
    _training(axes[1, 1], trained)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.gradient_variance`.

    Returns:
        `crossings`: smallest d at which the variance is below the batch noise and the rounding error, as text; `exact`:
        largest d with exact values.
    """
    initial = table[(table["stage"] == "initial") & (table["loss"] == "square")]
    reference = _reference(initial)
    median = _median(initial[initial["learner"] == reference], "n_features")
    crossings = []
    for quantity, name in (("batch_noise", "the noise of a batch"), ("rounding", "float32 rounding")):
        below = median.index[median["variance"] < median[quantity]] if quantity in median else []
        if len(below):
            crossings.append(f"below {name} from d = {below[0]}")
    exact = initial.loc[initial["method"].isin(["transform", "cube"]), "n_features"]
    return {
        "crossings": f"for {learner_label(reference)}, the variance is {listed(crossings)}" if crossings else "",
        "exact": f"{exact.max()}" if len(exact) else "",
    }


def _reference(table: pd.DataFrame) -> str:
    """Return the learner whose noise and rounding error are drawn."""
    learners = list(table["learner"].unique())
    return "relu" if "relu" in learners else learners[0]


def _variance(axis: plt.Axes, table: pd.DataFrame) -> None:
    for index, (learner, rows) in enumerate(table.groupby("learner", sort=False)):
        median = _median(rows, "n_features")
        style = {"color": color(index), "marker": MARKERS[index], "markersize": 3, "linewidth": 1}
        axis.plot(median["variance"], label=learner_label(learner), **style)
        axis.plot(median["bound"], color=color(index), linewidth=0.6, linestyle=(0, (1, 1)))
    reference = _reference(table)
    name, median = learner_label(reference), _median(table[table["learner"] == reference], "n_features")
    axis.plot(median["batch_noise"], "k-", linewidth=0.8, label=f"noise of a batch ({name})")
    axis.plot(median["rounding"], "k--", linewidth=0.8, label=f"float32 rounding ({name})")
    axis.plot([], [], "k:", linewidth=0.8, label="bound of Theorem 1")
    axis.set(yscale="log", xlabel="bits d", ylabel="variance over all $2^d$ targets", title="at initialisation")


def _ratio(axis: plt.Axes, table: pd.DataFrame) -> None:
    for index, (_, rows) in enumerate(table.groupby("learner", sort=False)):
        for loss, ratio in rows[rows["quantity"] == "ratio"].groupby("loss"):
            axis.plot(ratio.groupby("n_features")["value"].median(), LOSSES[loss], color=color(index), linewidth=1)
    losses = set(table.loc[table["quantity"] == "ratio", "loss"])
    for loss, line in LOSSES.items():
        if loss not in losses:
            continue
        axis.plot([], [], line, color="0.3", linewidth=1, label={"square": "squared"}.get(loss, loss))
    axis.set(xlabel="bits d", ylabel="variance ÷ bound", ylim=(0, 1.08), title="at initialisation, by loss")
    axis.legend(fontsize="small", loc="lower center", ncols=3)


def _shares(axis: plt.Axes, table: pd.DataFrame) -> None:
    # The largest dimension at which every learner's signal is split by size.
    split = table[table["quantity"] == "share"]
    n_features = int(split.groupby("learner")["n_features"].max().min())
    split = split[split["n_features"] == n_features]
    for index, (_, rows) in enumerate(split.groupby("learner", sort=False)):
        share = rows.groupby("degree")["value"].median()
        # Smaller shares are rounding errors of the float64 sums.
        axis.plot(share[share > 1e-25], color=color(index), marker=MARKERS[index], markersize=3, linewidth=1)
    sizes = np.arange(n_features + 1)
    axis.plot(sizes, comb(n_features, sizes) / 2**n_features, color="0.6", linewidth=0.8, zorder=0)
    top = (n_features / 2, comb(n_features, n_features // 2) / 2**n_features)
    axis.annotate(
        "equal for all parities", top, (0, 3), textcoords="offset points", color="0.4", fontsize="x-small", ha="center"
    )
    axis.set(
        yscale="log",
        xlabel="parity size |v|",
        ylabel="share of the squared signal",
        title=f"by parity size, d = {n_features}",
    )
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def _training(axis: plt.Axes, table: pd.DataFrame) -> None:
    for index, (n_features, rows) in enumerate(table.groupby("n_features")):
        style = {"color": str(0.15 + 0.3 * index), "marker": "o", "markersize": 2.5, "linewidth": 1}
        for loss, ratio in rows[rows["quantity"] == "ratio"].groupby("loss"):
            axis.plot(ratio.groupby("updates")["value"].median(), LOSSES[loss], **style)
        axis.plot([], [], label=f"d = {n_features}", **style)
    axis.set(xlabel="training steps", ylabel="variance ÷ bound", ylim=(0, 1.08), title="during training")
    axis.set_xscale("symlog", linthresh=1)
    axis.set_xlim(left=-0.2)
    axis.legend(fontsize="small", loc="center left", bbox_to_anchor=(0, 0.5))


def _median(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the median over replicates of each quantity (columns) at each value of the key (index)."""
    return rows.groupby([key, "quantity"])["value"].median().unstack("quantity")
