"""Figure of the gradient signal by parity size and depth, with the depth scales of mean-field theory."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from failures.artifacts.formats import number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

MARKERS = "osD^vP*X"
# Values below this are rounding errors of the sum over all parities.
RESOLVED = 1e-12
# Lower end of the y axis of the learners' panels.
SHOWN = 1e-5
# Large parities have at least this share of the bits.
LARGE = 0.75
# Colours of the depth scales by activation.
SHADES = {"tanh": "black", "relu": "0.55"}


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw one panel per learner, and three summaries: squared gradient norm, signal of large parities, depth scales.

    Args:
        table: Table of `failures.families.parity.tables.depth_signal`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    learners = list(table.loc[table["source"] == "network", "learner"].unique())
    n_rows = -(-(len(learners) + 3) // 3)
    figure, axes = plt.subplots(n_rows, 3, figsize=(PAGE, 2.1 * n_rows + 0.5), squeeze=False)
    panels = list(axes.flat)
    largest = table[table["n_features"] == table["n_features"].max()]
    shades = _shades(largest.loc[largest["source"] == "network", "depth"].unique())
    for axis, learner in zip(panels, learners, strict=False):
        _sizes(axis, largest[largest["learner"] == learner], shades)
        axis.set_title(learner_label(learner))
    for axis in panels[1 : len(learners)]:
        axis.sharey(panels[0])
    smallest = largest.loc[largest["quantity"] == "relative", "value"].min()
    panels[0].set_ylim(max(smallest, SHOWN) / 2, 2 * 2.0 ** largest["n_features"].max())
    budget, large, scales, *rest = panels[len(learners) :]
    _budgets(budget, largest, learners)
    _large(large, largest, learners)
    _scales(scales, table)
    for axis in rest:
        axis.set_axis_off()
    figure.legend(handles=_legend(table, shades, learners), loc="outside lower center", ncols=4, fontsize="x-small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.depth_signal`.

    Returns:
        `d`: largest input dimension; `large`: largest median signal of the large parities, relative to the mean of all
        parities.
    """
    n_features = table["n_features"].max()
    relative = _of_large(table[(table["n_features"] == n_features) & (table["source"] == "network")])
    medians = relative.groupby(["learner", "depth"])["value"].median()
    return {"d": f"{n_features:.0f}", "large": number(medians.max())}


def _shades(depths: np.ndarray) -> dict[int, tuple]:
    """Return one shade per depth."""
    depths = sorted(int(depth) for depth in depths)
    shades = plt.get_cmap("viridis_r")(np.linspace(0.1, 1, len(depths)))
    return {depth: tuple(shade) for depth, shade in zip(depths, shades, strict=True)}


def _sizes(axis: plt.Axes, table: pd.DataFrame, shades: dict[int, tuple]) -> None:
    """Plot the signal of one parity, relative to the mean of all, against its size: networks (points) and kernel
    (lines).
    """
    table = table[(table["quantity"] == "relative") & (table["value"] > RESOLVED)]
    for depth, shade in shades.items():
        rows = table[table["depth"] == depth]
        kernel = rows[rows["source"] == "kernel"].set_index("degree")["value"]
        network = rows[rows["source"] == "network"].groupby("degree")["value"].median()
        axis.plot(kernel, "-", color=shade, linewidth=0.9)
        # Where there is no prediction, a dotted line connects the points.
        line = "o" if len(kernel) else "o:"
        axis.plot(network, line, color=shade, markersize=2.5, linewidth=0.6, markeredgewidth=0)
    axis.axhline(1, color="0.6", linewidth=0.8, zorder=0)
    axis.set(yscale="log", xlabel="parity size |v|", ylabel="signal ÷ mean")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def _budgets(axis: plt.Axes, table: pd.DataFrame, learners: list[str]) -> None:
    """Plot the mean squared gradient norm E ||grad p||^2 against depth."""
    budgets = table[table["quantity"] == "budget"]
    for index, learner in enumerate(learners):
        rows = budgets[budgets["learner"] == learner]
        _measured(axis, rows[rows["source"] == "network"], index)
        axis.plot(*_curve(rows[rows["source"] == "kernel"]), "-", color=color(index), linewidth=0.9)
    top = budgets.loc[budgets["source"] == "network", "value"].max()
    axis.set(
        xscale="log",
        yscale="log",
        xlabel="hidden layers",
        ylabel="$E\\,\\|\\nabla p\\|^2$",
        title="squared gradient norm",
    )
    axis.set_ylim(top=30 * top)


def _large(axis: plt.Axes, table: pd.DataFrame, learners: list[str]) -> None:
    """Plot the signal of large parities, relative to the mean of all, against depth."""
    relative = _of_large(table)
    relative = relative[relative["value"] > RESOLVED]
    for index, learner in enumerate(learners):
        rows = relative[relative["learner"] == learner]
        _measured(axis, rows[rows["source"] == "network"], index)
        axis.plot(*_curve(rows[rows["source"] == "kernel"]), "-", color=color(index), linewidth=0.9)
    axis.axhline(1, color="0.6", linewidth=0.8, zorder=0)
    axis.set(xscale="log", yscale="log", xlabel="hidden layers", ylabel="signal ÷ mean")
    axis.set_title("large parities, |v| ≥ 3d/4")


def _of_large(table: pd.DataFrame) -> pd.DataFrame:
    """Return the mean signal of the large parities, relative to the mean of all parities.

    The columns are source, learner, depth, seed and value.
    """
    large = table[(table["quantity"] == "relative") & (table["degree"] >= LARGE * table["n_features"])]
    share = table[(table["quantity"] == "share") & (table["degree"] >= LARGE * table["n_features"])]
    keys = ["source", "learner", "depth", "seed"]
    # Share of these parities if all parities had the same signal.
    count = (share["value"].to_numpy() / large["value"].to_numpy()).round(15)
    fair = share.assign(fair=count).groupby(keys, dropna=False)[["value", "fair"]].sum()
    return (fair["value"] / fair["fair"]).rename("value").reset_index()


def _measured(axis: plt.Axes, rows: pd.DataFrame, index: int) -> None:
    """Plot one point per network, and the median."""
    style = {"color": color(index), "marker": MARKERS[index % len(MARKERS)], "markeredgewidth": 0}
    axis.plot(rows["depth"], rows["value"], linestyle="", markersize=2, alpha=0.5, **style)
    axis.plot(rows.groupby("depth")["value"].median(), linestyle=":", linewidth=0.7, markersize=3.5, **style)


def _curve(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return x and y of a line."""
    rows = rows.sort_values("depth")
    return rows["depth"], rows["value"]


def _scales(axis: plt.Axes, table: pd.DataFrame) -> None:
    """Plot depth scales against the scale of the weights, with a marker per learner."""
    sweep = table[(table["source"] == "sweep") & np.isfinite(table["value"])]
    for quantity, line in (("correlation_scale", "-"), ("gradient_scale", "--")):
        for activation, shade in SHADES.items():
            rows = sweep[(sweep["quantity"] == quantity) & (sweep["learner"] == activation)]
            axis.plot(rows["spread"], rows["value"], line, color=shade, linewidth=1)
    own = table[(table["source"] == "mean_field") & (table["quantity"] == "gradient_scale")]
    learners = list(table.loc[table["source"] == "network", "learner"].unique())
    for row in own.itertuples():
        index = learners.index(row.learner)
        axis.plot([row.spread], [row.value], MARKERS[index % len(MARKERS)], color=color(index), markersize=5)
    axis.set(
        yscale="log",
        xlabel=r"scale of the weights $\sigma_w$",
        ylabel="depth scale [layers]",
        title="mean-field theory",
    )


def _legend(table: pd.DataFrame, shades: dict[int, tuple], learners: list[str]) -> list[Line2D]:
    lines = [
        Line2D(
            [],
            [],
            color=shade,
            marker="o",
            markersize=3,
            linestyle="",
            label=f"{depth} hidden layer{'s' * (depth > 1)}",
        )
        for depth, shade in shades.items()
    ]
    lines += [
        Line2D(
            [], [], color=color(index), marker=MARKERS[index % len(MARKERS)], markersize=3.5, linestyle="", label=label
        )
        for index, label in enumerate(map(learner_label, learners))
    ]
    return lines + [
        Line2D([], [], color=shade, linestyle=line, linewidth=1, label=label) for shade, line, label in _theory(table)
    ]


def _theory(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return colour, line style and label of the predictions in the figure."""
    sweep = table[(table["source"] == "sweep") & np.isfinite(table["value"])]
    lines = [("0.3", "-", "infinite-width kernel")] * int((table["source"] == "kernel").any())
    for scale, line in (("correlation", "-"), ("gradient", "--")):
        for activation, shade in SHADES.items():
            if ((sweep["quantity"] == f"{scale}_scale") & (sweep["learner"] == activation)).any():
                name = {"relu": "ReLU"}.get(activation, activation)
                lines.append((shade, line, f"depth scale of {scale}s, {name}"))
    return lines
