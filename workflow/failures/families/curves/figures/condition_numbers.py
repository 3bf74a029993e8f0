"""Condition number of each learner's inputs against the number of points (section 4)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.style import PAGE, add_note, color

NAMES = {
    "decoder": "linear learner",
    "convolution": "convolution",
    "conditioned": "conditioned, float64",
    "conditioned_float32": "conditioned, float32",
}
LINES = {"": "-", "slopes": "-", "uniform": "--"}
GUIDES = {4.0: "$n^4$", 3.5: "$n^{3.5}$, paper's bound", 3.0: "$n^3$"}
CEILING = 1e15


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw condition numbers against n, with fitted exponents in the legend.

    Args:
        table: Table of `failures.families.curves.tables.condition_numbers`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axis = plt.subplots(figsize=(PAGE, 3.6))
    table = table.assign(distribution=table["distribution"].fillna(""))
    numbers, exponents = (table[table["quantity"] == name] for name in ("condition_number", "exponent"))
    exponents = exponents.set_index(["matrix", "distribution"])
    for keys, rows in numbers.groupby(["matrix", "distribution"], sort=False):
        index, line = list(NAMES).index(keys[0]), LINES[keys[1]]
        label = (
            NAMES[keys[0]] + {"": "", "slopes": ", curves of the scripts", "uniform": ", curves of the text"}[keys[1]]
        )
        if keys in exponents.index:
            fit = exponents.loc[keys]
            label += f": $n^{{{fit['value']:.3f} \\pm {fit['standard_error']:.3f}}}$"
        style = {"color": color(index), "marker": "o", "markersize": 3, "linestyle": line, "linewidth": 1}
        if keys[0].endswith("float32"):  # scattered by rounding: markers only
            style |= {"marker": {"slopes": "x", "uniform": "+"}[keys[1]], "markersize": 5, "linestyle": ""}
        axis.plot(rows["n_points"], rows["value"].clip(upper=CEILING), label=label, **style)
    axis.set(xscale="log", yscale="log", xlabel="number of points n", ylabel="condition number", ylim=(0.5, 2e15))
    _guides(axis, numbers[numbers["matrix"] == "decoder"])
    axis.legend(loc="lower left", bbox_to_anchor=(1.0, 0.02), fontsize="small")  # below the guides' labels
    add_note(figure, note)
    return figure


def _guides(axis: plt.Axes, decoder: pd.DataFrame) -> None:
    """Draw powers of n through the first condition number of W."""
    n = decoder["n_points"].to_numpy(float)
    for power, label in GUIDES.items():
        y = decoder["value"].iloc[0] * (n / n[0]) ** power
        axis.plot(n, y, color="0.6", linewidth=0.8, linestyle=(0, (1, 1)), zorder=0)
        place = {"textcoords": "offset points", "va": "center", "fontsize": "x-small", "color": "0.4"}
        axis.annotate(label, (n[-1], y[-1]), (6, 3 if power == max(GUIDES) else 0), **place)
