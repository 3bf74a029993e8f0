"""Forward-only training by optimiser and input scale, and the convergence rate of GLMtron (section 5)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed, number
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw errors against training steps, one panel per input scale, and the error of GLMtron against iterations.

    Args:
        table: Table of `failures.families.steps.tables.forward_only`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    training = table[table["part"] == "training"]
    scales = sorted(training["input_scale"].unique())
    figure, axes = plt.subplots(1, len(scales) + 1, figsize=(PAGE, 2.9), squeeze=False)
    learners = list(training["learner"].unique())
    for axis, scale in zip(axes[0], scales, strict=False):
        for learner, rows in training[training["input_scale"] == scale].groupby("learner"):
            _curve(axis, rows, learners.index(learner))
        axis.set(yscale="log", ylim=(1e-4, 1e2), xlabel="training steps", title=f"input scale {scale:g}")
        axis.xaxis.set_major_formatter(lambda step, _: f"{step / 1000:g}k" if step else "0")
    axes[0, 0].set_ylabel("unexplained variance R")
    _rate(axes[0, -1], table[table["part"] != "training"])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.steps.tables.forward_only`.

    Returns:
        `ends`: final unexplained variance by input scale and optimiser. `ratio`: largest ratio of GLMtron's error to
        its bound.
    """
    training = table[table["part"] == "training"]
    ends = training.loc[training.groupby(["input_scale", "learner"], sort=False)["step"].idxmax()]
    parts = []
    for scale, rows in ends.groupby("input_scale"):
        errors = (
            f"{number(row.value_median)} ({row.optimizer}, rate {row.learning_rate:g})" for row in rows.itertuples()
        )
        parts.append(f"at scale {scale:g}, {listed(errors)}")
    steps = ["lipschitz", "step"]
    error, bound = (table[table["part"] == part].set_index(steps)["value_median"] for part in ("glmtron", "bound"))
    return {"ends": "; ".join(parts), "ratio": number((error / bound).max())}


def _curve(axis: plt.Axes, rows: pd.DataFrame, index: int) -> None:
    optimizer, rate = rows[["optimizer", "learning_rate"]].iloc[0]
    axis.fill_between(rows["step"], rows["value_p10"], rows["value_p90"], color=color(index), alpha=0.2, linewidth=0)
    axis.plot(rows["step"], rows["value_median"], color=color(index), linewidth=1, label=f"{optimizer}, rate {rate:g}")


def _rate(axis: plt.Axes, table: pd.DataFrame) -> None:
    for index, (lipschitz, rows) in enumerate(table.groupby("lipschitz")):
        for part, line in rows.groupby("part"):
            style, label = (":", None) if part == "bound" else ("-", f"L = {lipschitz:g}")
            axis.plot(line["step"], line["value_median"], style, color=color(index + 4), linewidth=1, label=label)
            if part != "bound":
                axis.fill_between(
                    line["step"], line["value_p10"], line["value_p90"], color=color(index + 4), alpha=0.2, linewidth=0
                )
    axis.plot([], [], ":", color="0.3", label="bound L²‖v*‖²/T")
    axis.set(xscale="log", yscale="log", xlabel="iterations T", title="GLMtron, Lipschitz u")
    axis.set_ylabel("squared error of the best iterate", fontsize="small")
    axis.set_ylim(bottom=max(1e-12, 0.3 * table["value_median"].min()))
    axis.legend(fontsize="x-small")
