"""Figure of Gaussian elimination over GF(2): success rate against samples, and against label noise."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from failures.artifacts.formats import listed, percent
from failures.artifacts.style import PAGE, add_note, color


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw points with 95 % intervals, and lines for the prediction.

    Args:
        table: Table of `failures.families.parity.tables.elimination`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.6), sharey=True)
    samples, noisy = (table[table["experiment"] == name] for name in ("samples", "label_noise"))
    _panel(axes[0], samples.assign(extra=samples["n_samples"] - samples["n_features"]), "extra")
    axes[0].set(title="correct labels", xlabel="samples beyond d", ylabel="share of parities found", ylim=(-0.03, 1.05))
    _panel(axes[1], noisy.assign(percent=100 * noisy["label_noise"]), "percent")
    axes[1].set(title="labels flipped at random", xlabel="flipped labels [%]")
    axes[1].legend(fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        table: Table of `failures.families.parity.tables.elimination`.

    Returns:
        `extra`: samples beyond d in the systems with label noise; `trials`: systems per point; `found`: largest success
        rate at each d, as text.
    """
    samples = table[table["experiment"] == "samples"]
    most = samples.sort_values("n_samples").groupby("n_features").last()
    shares = [f"{percent(row.share)} with {row.n_samples} samples at d = {d}" for d, row in most.iterrows()]
    noisy = table[table["experiment"] == "label_noise"]
    extra = (noisy["n_samples"] - noisy["n_features"]).max()
    return {"extra": f"{extra}", "trials": f"{table['trials'].max():,}", "found": listed(shares)}


def _panel(axis: plt.Axes, table: pd.DataFrame, x: str) -> None:
    for index, (n_features, rows) in enumerate(table.groupby("n_features")):
        bars = (rows["share"] - rows["share_low"], rows["share_high"] - rows["share"])
        axis.plot(rows[x], rows["predicted"], color=color(index), linewidth=1)
        axis.errorbar(
            rows[x], rows["share"], bars, fmt="o", color=color(index), markersize=3, label=f"d = {n_features}"
        )
