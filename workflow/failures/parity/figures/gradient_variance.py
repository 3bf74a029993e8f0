"""Theorem 1 in four panels: variance against d, ratio to the bound, parts by parity size, along training."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from scipy.special import comb

from failures.style import PAGE, add_note, color

LOSSES = {"square": "-", "logistic": ":", "hinge": "--"}
MARKERS = "osD^vP*X"


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.parity.tables.gradient_variance`.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    figure, axes = plt.subplots(2, 2, figsize=(PAGE, 5.6))
    initial, trained = (table[table["stage"] == stage] for stage in ("initial", "trained"))
    _variance(axes[0, 0], initial[initial["loss"] == "square"])
    _ratio(axes[0, 1], initial)
    _shares(axes[1, 0], initial[initial["loss"] == "square"])
    _training(axes[1, 1], trained)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    add_note(figure, note)
    return figure


def _variance(axis: plt.Axes, table: pd.DataFrame) -> None:
    for index, (learner, rows) in enumerate(table.groupby("learner", sort=False)):
        median = _median(rows, "n_features")
        style = {"color": color(index), "marker": MARKERS[index], "markersize": 3, "linewidth": 1}
        axis.plot(median["variance"], label=learner, **style)
        axis.plot(median["bound"], color=color(index), linewidth=0.6, linestyle=(0, (1, 1)))
    learners = list(table["learner"].unique())
    reference = "relu" if "relu" in learners else learners[0]
    median = _median(table[table["learner"] == reference], "n_features")
    axis.plot(median["batch_noise"], "k-", linewidth=0.8, label=f"noise of a batch ({reference})")
    axis.plot(median["rounding"], "k--", linewidth=0.8, label=f"float32 rounding ({reference})")
    axis.plot([], [], "k:", linewidth=0.8, label="bound")
    axis.set(yscale="log", xlabel="bits d", ylabel="variance over all $2^d$ targets", title="signal, bound and noise")


def _ratio(axis: plt.Axes, table: pd.DataFrame) -> None:
    for index, (_, rows) in enumerate(table.groupby("learner", sort=False)):
        for loss, ratio in rows[rows["quantity"] == "ratio"].groupby("loss"):
            axis.plot(ratio.groupby("n_features")["value"].median(), LOSSES[loss], color=color(index), linewidth=1)
    for loss, line in LOSSES.items():
        axis.plot([], [], line, color="0.3", linewidth=1, label=loss)
    axis.set(xlabel="bits d", ylabel="variance / bound", ylim=(0, 1.08), title="how tight the theorem is")
    axis.legend(fontsize="small", loc="lower center", ncols=3)


def _shares(axis: plt.Axes, table: pd.DataFrame) -> None:
    # The largest dimension at which every learner's signal is split by size.
    split = table[table["quantity"] == "share"]
    n_features = int(split.groupby("learner")["n_features"].max().min())
    split = split[split["n_features"] == n_features]
    for index, (_, rows) in enumerate(split.groupby("learner", sort=False)):
        share = rows.groupby("degree")["value"].median()
        # Below float64's resolution of the sums there is nothing.
        axis.plot(share[share > 1e-25], color=color(index), marker=MARKERS[index], markersize=3, linewidth=1)
    sizes = np.arange(n_features + 1)
    axis.plot(sizes, comb(n_features, sizes) / 2**n_features, color="0.6", linewidth=0.8, zorder=0)
    top = (n_features / 2, comb(n_features, n_features // 2) / 2**n_features)
    axis.annotate(
        "if all were equal", top, (0, 3), textcoords="offset points", color="0.4", fontsize="x-small", ha="center"
    )
    axis.set(
        yscale="log", xlabel="parity size |v|", ylabel="share of the signal", title=f"which parities, d = {n_features}"
    )
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def _training(axis: plt.Axes, table: pd.DataFrame) -> None:
    for index, (n_features, rows) in enumerate(table.groupby("n_features")):
        style = {"color": str(0.15 + 0.3 * index), "marker": "o", "markersize": 2.5, "linewidth": 1}
        for loss, ratio in rows[rows["quantity"] == "ratio"].groupby("loss"):
            axis.plot(ratio.groupby("updates")["value"].median(), LOSSES[loss], **style)
        axis.plot([], [], label=f"d = {n_features}", **style)
    axis.set(xlabel="updates done", ylabel="variance / bound", ylim=(0, 1.08), title="along training")
    axis.set_xscale("symlog", linthresh=1)
    axis.set_xlim(left=-0.2)
    axis.legend(fontsize="small", loc="center left", bbox_to_anchor=(0, 0.5))


def _median(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """Median over replicates of each quantity (columns) at each value of the key (index)."""
    return rows.groupby([key, "quantity"])["value"].median().unstack("quantity")
