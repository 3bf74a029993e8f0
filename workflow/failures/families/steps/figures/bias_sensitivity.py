"""Success rate of the non-flat approximation against the initial bias, by slope (section 5)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed, number
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the success rate (left) and the final error (right) against the initial bias, one line per learner.

    Args:
        table: Table of `failures.families.steps.tables.bias_sensitivity`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.8), sharex=True)
    groups = sorted(table.groupby("learner"), key=lambda group: tuple(group[1][["relative", "slope"]].iloc[0]))
    for index, (_, rows) in enumerate(groups):
        slope, relative = rows[["slope", "relative"]].iloc[0]
        label = _label(slope, relative)
        style = {"color": color(index), "marker": "osD^vP*X"[index % 8], "markersize": 3, "linewidth": 1}
        x = rows["initial_bias"]
        axes[0].plot(x, rows["success"], label=label, **style)
        axes[1].plot(x, rows["unexplained_median"], label=label, **style)
    axes[0].set(ylabel="success rate", ylim=(-0.04, 1.04), title="runs that learn")
    axes[1].axhline(1, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    axes[1].set(yscale="log", ylabel="unexplained variance R", title="final error")
    for axis in axes:
        axis.set_xlabel("initial bias b − b*")
        axis.set_xscale("symlog", linthresh=0.2)
    axes[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small")
    add_note(figure, note)
    return figure


def _label(slope: float, relative: bool) -> str:
    return f"c = {slope:g}" + " / height" * bool(relative)


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.steps.tables.bias_sensitivity`.

    Returns:
        `ranges`: initial biases from which most runs learn, by slope. `n`: runs per point.
    """
    parts = []
    for (_, slope, relative), rows in table.groupby(["learner", "slope", "relative"], sort=False):
        biases = rows.loc[rows["success"] > 0.5, "initial_bias"]
        where = f"{number(biases.min())} to {number(biases.max())}" if len(biases) else "none"
        parts.append(f"{_label(slope, relative)}, {where}")
    return {"ranges": "; ".join(parts), "n": listed(sorted(table["n_replicates"].unique()))}
