"""Signal-to-noise ratio of the gradient along training, and at the start of runs that do and do not learn."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.style import PAGE, add_note, color

# An estimate is drawn as it is if it is so many standard errors above 0, else as its upper limit.
CLEAR = 1.96


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.lines.tables.snr_training`: a panel a learner, and one of starts.

    note: what to say of a run that is not at the paper's scale or settings.
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
        axis.set(title=learner.replace("_", "-"), xlabel="updates", yscale="log")
        axis.set_xscale("symlog", linthresh=100, linscale=0.5)
        axis.set_xlim(-20, 2.2 * training.loc[training["learner"] == learner, "updates"].max())
    axes[0].set_ylabel("signal / noise")
    _starts(axes[-1], start, table[(table["part"] == "correlation") & table["own"]], lengths)
    handles = {label: handle for handle, label in zip(*axes[0].get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=len(handles), fontsize="small")
    add_note(figure, note)
    return figure


def _along(axis: plt.Axes, run: pd.DataFrame, index: int, label: str) -> None:
    """One run: dots where the signal is clear of 0, arrows down from the upper limit where it is not."""
    clear = run["snr"] > CLEAR * run["standard_error"]
    axis.plot(run["updates"], run["snr"].where(clear), "o-", color=color(index), linewidth=1, markersize=3, label=label)
    rest = run[~clear & (run["updates"] != 1)]  # 1 would stand on 0
    limit = rest["snr"].clip(lower=0) + CLEAR * rest["standard_error"]
    # Beside each other, where those of all k would be one.
    aside = rest["updates"].astype(float) * 1.13**index + 8 * index
    axis.errorbar(aside, limit, 0.5 * limit, fmt="_", color=color(index), uplims=True, markersize=4, linewidth=1)


def _starts(axis: plt.Axes, start: pd.DataFrame, correlation: pd.DataFrame, lengths: list[int]) -> None:
    """Updates to learn against the SNR of the start; runs that never learn stand above all others, side by side."""
    finite = start.loc[np.isfinite(start["learnt_at"]), "learnt_at"]
    never = 1.35 * (finite.max() if len(finite) else 1000)
    start = start.sort_values(["tuple_length", "seed"]).reset_index(drop=True)
    height = start["learnt_at"].replace(np.inf, never) + 0.04 * never * np.isinf(start["learnt_at"]).cumsum()
    notes = []
    for (length, learner), rows in start.groupby(["tuple_length", "learner"]):
        index = lengths.index(length) if length in lengths else len(lengths)
        errors = 1e6 * CLEAR * rows["standard_error"]
        axis.errorbar(
            1e6 * rows["snr"], height[rows.index], xerr=errors, fmt="o", color=color(index), markersize=4, linewidth=0.8
        )
        found = correlation[(correlation["tuple_length"] == length) & (correlation["learner"] == learner)]
        if found["rank_correlation"].notna().any():
            tau, p_value = (f"{found[name].item():.2f}".replace("-", "−") for name in ("rank_correlation", "p_value"))
            notes.append(f"k = {length}: τ = {tau}, p = {p_value}")
    axis.axvline(0, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    axis.axhline(never, color="0.6", linewidth=0.8, linestyle=(0, (1, 2)))
    place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
    axis.annotate("above: never", (0.02, never), (0, -8), fontsize="x-small", color="0.4", **place)
    axis.annotate("\n".join(notes), (0.02, 0.02), xycoords="axes fraction", fontsize="x-small", color="0.3")
    axis.set(
        title="at the start",
        xlabel="SNR in millionths",
        ylabel="updates to learn",
        ylim=(0, 1.1 * max(never, height.max())),
    )
