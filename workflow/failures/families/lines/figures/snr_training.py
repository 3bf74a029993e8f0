"""Signal-to-noise ratio of the gradient during training, and at initialisation against the time to learn."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.artifacts.formats import number
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

# Half-width of a 95 % interval in standard errors. An estimate whose interval includes 0 is drawn as its upper end.
CLEAR = 1.96


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw ratios during training, one panel per learner, and a panel of ratios at initialisation.

    Args:
        table: Table of `failures.families.lines.tables.snr_training`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    own = table[table["own"]]
    training, start = (own[own["part"] == part] for part in ("training", "start"))
    learners = list(training["learner"].unique())
    figure, axes = plt.subplots(1, len(learners) + 1, figsize=(PAGE, 2.7))
    for axis in axes[1 : len(learners)]:
        axis.sharey(axes[0])
    lengths = sorted(training["tuple_length"].unique())
    for axis, learner in zip(axes, learners, strict=False):
        for index, length in enumerate(lengths):
            rows = training[(training["learner"] == learner) & (training["tuple_length"] == length)]
            for _, run in rows.groupby("seed"):
                _along(axis, run.sort_values("updates"), index, f"k = {length}")
        axis.set(title=learner_label(learner), xlabel="training steps", yscale="log")
        axis.set_xscale("symlog", linthresh=100, linscale=0.5)
        axis.set_xlim(-20, 2.2 * training.loc[training["learner"] == learner, "updates"].max())
    axes[0].set_ylabel("signal-to-noise ratio")
    _starts(axes[-1], start, _correlations(table), lengths)
    handles = {
        label: handle for axis in axes[:-1] for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=len(handles), fontsize="small")
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption.

    Args:
        table: Table of `failures.families.lines.tables.snr_training`.

    Returns:
        `clear`: number of ratios at initialisation that are distinguishable from 0. `correlations`: rank correlation of
        these ratios with the time to learn, by tuple length; empty if there is none.
    """
    start = table[table["own"] & (table["part"] == "start")]
    clear = int((start["snr"] > CLEAR * start["standard_error"]).sum())
    rows = _correlations(table).dropna(subset=["rank_correlation"])
    correlations = [
        f"At k = {row.tuple_length}, Kendall's rank correlation τ of the ratio and the time to learn is "
        f"{number(round(row.rank_correlation, 2))} (p = {number(round(row.p_value, 2))})."
        for row in rows.itertuples()
    ]
    return {"clear": f"{clear} of {len(start)}", "correlations": " ".join(correlations)}


def _correlations(table: pd.DataFrame) -> pd.DataFrame:
    """Select the rank correlations for the learners' own losses."""
    return table[table["own"] & (table["part"] == "correlation")]


def _along(axis: plt.Axes, run: pd.DataFrame, index: int, label: str) -> None:
    """Draw one run: dots where the ratio is distinguishable from 0, elsewhere arrows down from its upper limit."""
    clear = run["snr"] > CLEAR * run["standard_error"]
    axis.plot(run["updates"], run["snr"].where(clear), "o-", color=color(index), linewidth=1, markersize=3, label=label)
    rest = run[~clear & (run["updates"] != 1)]  # the arrow at 1 would cover the one at 0
    limit = rest["snr"].clip(lower=0) + CLEAR * rest["standard_error"]
    # Arrows of different k are shifted sideways so that they do not overlap.
    aside = rest["updates"].astype(float) * 1.13**index + 8 * index
    axis.errorbar(aside, limit, 0.5 * limit, fmt="_", color=color(index), uplims=True, markersize=4, linewidth=1)


def _starts(axis: plt.Axes, start: pd.DataFrame, correlations: pd.DataFrame, lengths: list[int]) -> None:
    """Draw the time to learn against the ratio at initialisation; runs that do not learn stand above all others."""
    finite = start.loc[np.isfinite(start["learnt_at"]), "learnt_at"]
    never = 1.35 * (finite.max() if len(finite) else 1000)
    start = start.sort_values(["tuple_length", "seed"]).reset_index(drop=True)
    height = heights(start["learnt_at"], never)
    for (length, _), rows in start.groupby(["tuple_length", "learner"]):
        index = lengths.index(length) if length in lengths else len(lengths)
        errors = 1e6 * CLEAR * rows["standard_error"]
        axis.errorbar(
            1e6 * rows["snr"], height[rows.index], xerr=errors, fmt="o", color=color(index), markersize=4, linewidth=0.8
        )
    top = 1.17 * max(never, height.max())
    axis.axvline(0, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    axis.axhspan(never, top, color="0.93", linewidth=0, zorder=0)
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "fontsize": "x-small", "color": "0.3"}
    axis.annotate("did not learn", (0.02, 1), (0, -3), va="top", **place)
    notes = [
        f"k = {row.tuple_length}: τ = {row.rank_correlation:.2f}, p = {row.p_value:.2f}".replace("-", "−")
        for row in correlations.dropna(subset=["rank_correlation"]).itertuples()
    ]
    axis.annotate("\n".join(notes), (0.02, 0), (0, 4), bbox={"color": "white", "pad": 0.5}, **place)
    axis.set(
        title="at initialisation",
        xlabel="SNR × 10⁶",
        ylabel="training steps to learn",
        ylim=(0, top),
    )
    axis.set_yticks(axis.get_yticks())
    axis.set_ylim(-0.1 * top * len(notes), top)  # room for the notes below all runs


def heights(learnt_at: pd.Series, never: float) -> pd.Series:
    """Return the height of each run: its time to learn; runs that do not learn stand one above the other.

    Args:
        learnt_at: Training steps, infinite for runs that do not learn.
        never: Height below the first run that does not learn, above all times.
    """
    missing = np.isinf(learnt_at)
    return learnt_at.where(~missing, never * (1 + 0.04 * missing.cumsum()))
