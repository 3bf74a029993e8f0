"""Figure of the accuracy of several classes of predictors after the same number of training steps."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed, number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

# Rows from top to bottom; further learners come below.
ORDER = ("relu", "narrow", "lemma_3", "wide", "deep", "tanh", "residual", "normalised", "convolutional", "quadratic")
ORDER += ("relu_adam", "hand_built")
# Classes that cannot represent every parity.
LIMITED = {
    "quadratic": "quadratic features represent parities of at most two bits",
    "convolutional": "the convolutional network represents parities of at most five bits",
}


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw one panel per d and one row per class.

    Args:
        table: Table of `failures.families.parity.tables.predictors`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    dimensions = sorted(table["n_features"].unique())
    classes = [name for name in ORDER if name in set(table["learner"])]
    classes += sorted(set(table["learner"]) - set(ORDER))
    height = 1.1 + 0.24 * len(classes)
    figure, axes = plt.subplots(1, len(dimensions), figsize=(PAGE, height), sharey=True, squeeze=False)
    for axis, n_features in zip(axes[0], dimensions, strict=True):
        rows = table[table["n_features"] == n_features].set_index("learner").reindex(classes)
        _panel(axis, rows)
        axis.set(title=f"d = {n_features}{_test(rows)}", xlabel="accuracy")
    steps = int(table["n_steps"].max())
    axes[0, 0].set_yticks(range(len(classes)), [learner_label(name) for name in classes])
    axes[0, 0].invert_yaxis()
    figure.supxlabel(
        f"after {steps:,} training steps; point: mean, bar: 95 % interval, thin line: range over targets",
        fontsize="x-small",
    )
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.predictors`.

    Returns:
        `steps`: training steps; `evaluation`: method of evaluation at each d; `outcomes`: number of classes that learn
        all targets, and range of mean accuracies, at each d; `limits`: classes that cannot represent every parity.
    """
    trained, outcomes, evaluation = table[table["learner"] != "hand_built"], [], []
    for n_features, rows in trained.groupby("n_features"):
        ends = f"mean accuracies {number(rows['accuracy'].min())} to {number(rows['accuracy'].max())}"
        learnt = f"{(rows['share_learnt'] == 1).sum()} of {len(rows)}"
        outcomes.append(f"{learnt} at d = {n_features} ({ends})")
        exact = "n_samples" not in rows or rows["n_samples"].isna().all()
        evaluation.append(f"{'exact' if exact else 'measured on fresh samples'} at d = {n_features}")
    steps = f"{table['n_steps'].max():,.0f}"
    limits = listed(text for learner, text in LIMITED.items() if learner in set(trained["learner"]))
    return {"steps": steps, "evaluation": listed(evaluation), "outcomes": listed(outcomes), "limits": limits}


def _panel(axis: plt.Axes, rows: pd.DataFrame) -> None:
    axis.axvline(0.5, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    for position, (name, row) in enumerate(rows.iterrows()):
        shade = color(2) if name == "hand_built" else color(0)
        axis.plot([row["accuracy_min"], row["accuracy_max"]], [position, position], color=shade, linewidth=0.6)
        axis.plot(
            [row["accuracy_low"], row["accuracy_high"]], [position, position], color=shade, linewidth=2.2, alpha=0.6
        )
        axis.plot(row["accuracy"], position, "o", color=shade, markersize=4)
    axis.set_xlim(0.38, 1.03)


def _test(rows: pd.DataFrame) -> str:
    """Return the p-value of equal accuracy of all trained classes as a line of the title; empty without a test."""
    same = rows["p_same"].dropna()
    return f"\ntrained classes equal: p = {same.iloc[0]:.2f}" if len(same) else ""
