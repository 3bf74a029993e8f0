"""Ratio of the second moments of the two gradient estimators, at initialisation against k and during training."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

LINES = ("-", "--", ":", "-.")


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the ratio at initialisation (left) and during training (right).

    Args:
        table: Table of `failures.families.portfolio.tables.estimator_variance`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.9))
    _initial(axes[0], table[table["stage"] == "initial"])
    _trained(axes[1], table[table["stage"] == "trained"])
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.portfolio.tables.estimator_variance`.

    Returns:
        `deviation`: largest |ratio / k - 1| at initialisation, in percent. `largest`: largest ratio during training.
    """
    initial, trained = (
        table[table["stage"] == stage].dropna(subset="ratio_median") for stage in ("initial", "trained")
    )
    deviation = (initial["ratio_median"] / initial["n_stocks"] - 1).abs().max()
    return {"deviation": number(100 * deviation), "largest": number(trained["ratio_median"].max())}


def _initial(axis: plt.Axes, table: pd.DataFrame) -> None:
    table = table.dropna(subset="ratio_median")
    axis.plot(table["n_stocks"], table["n_stocks"], color="0.7", linewidth=3, label="ratio k")
    axis.plot(table["n_stocks"], table["ratio_median"], color=color(0), linewidth=1, label="closed form")
    middle = table["sampled_ratio_median"]
    errors = [middle - table["sampled_ratio_p10"], table["sampled_ratio_p90"] - middle]
    style = {"color": color(1), "markersize": 3, "linewidth": 1, "label": "sampled"}
    axis.errorbar(table["n_stocks"], middle, errors, fmt="o", **style)
    axis.set(xscale="log", yscale="log", xlabel="number of stocks k", title="at initialisation")
    axis.set_ylabel(r"$\mathrm{E}\,\|g\|^2$, end-to-end ÷ decomposition")
    axis.legend(loc="upper left")


def _trained(axis: plt.Axes, table: pd.DataFrame) -> None:
    learners = list(table["learner"].unique())
    for index, (n_stocks, rows) in enumerate(table.groupby("n_stocks")):
        for learner, ours in rows.groupby("learner"):
            style = {"color": color(index), "linestyle": LINES[learners.index(learner) % len(LINES)], "linewidth": 1.2}
            axis.plot(ours["step"], ours["ratio_median"], **style)
            axis.fill_between(ours["step"], ours["ratio_p10"], ours["ratio_p90"], color=color(index), alpha=0.15, lw=0)
            axis.plot(ours["step"], ours["sampled_ratio_median"], ".", color=color(index), markersize=2.5)
        axis.plot([], [], color=color(index), label=f"k = {n_stocks:,}")
    for learner in learners:
        line = LINES[learners.index(learner) % len(LINES)]
        axis.plot([], [], line, color="0.3", label=f"trained by\n{learner_label(learner)}")
    axis.plot([], [], ".", color="0.3", label="sampled")
    axis.set(yscale="log", xlabel="training steps", title="during training", xlim=(0, None))
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small")
