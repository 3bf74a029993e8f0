"""Published and reproduced curves.

Columns:
    figure, series: figure of the paper; curve
    n_replicates: number of our replicates
    n_points: number of our evaluations in the range of the published curve; the curve is interpolated at these points
    share_inside: share of the published values inside our band; empty for a single run. The band is the 10th to 90th
        percentile, and for Figure 5 the 95 % interval
    final_ours, final_published: mean over the last tenth of each curve
    final_difference: `final_ours` minus `final_published`
    time_ours, time_published: updates until a curve completes 0.9 of its change from the first to the last value; empty
        if the change is below 0.1, and for Figure 5
    time_ratio: `time_ours` / `time_published`
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# By figure: columns of its table that identify a curve, x, reproduced values, and published values.
FIGURES = {
    1: {"keys": ["n_features"], "x": "step", "ours": "accuracy_median", "published": "accuracy_median"},
    3: {"keys": ["tuple_length", "learner"], "x": "step", "ours": "accuracy", "published": "accuracy"},
    4: {"keys": ["n_stocks", "learner"], "x": "step", "ours": "loss_median", "published": "sampled_loss"},
    5: {"keys": ["method"], "x": "tuple_length", "ours": "plug_in", "published": "plug_in"},
}
BANDS = {1: ("accuracy_p10", "accuracy_p90"), 4: ("loss_p10", "loss_p90"), 5: ("snr_low", "snr_high")}
REPLICATES = {1: "n_replicates", 4: "n_replicates", 5: "n_initialisations"}
# Share of the change from a curve's first to its final value.
SHARE = 0.9


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Compare the published curves with the reproduced ones.

    Args:
        inputs: Paths of the tables `fig1`, `fig3`, `fig4` and `fig5`; missing tables are skipped.

    Returns:
        The table that `Columns` describes, one row per curve.
    """
    rows = []
    for figure, spec in FIGURES.items():
        if f"fig{figure}" in inputs:
            ours, published = split(pd.read_csv(inputs[f"fig{figure}"]), figure)
            for key, theirs in published.groupby(spec["keys"], sort=True):
                mine = ours.set_index(spec["keys"]).sort_index()
                if key in mine.index or key[0] in mine.index:
                    rows.append(compare(figure, key, mine.loc[[key if len(key) > 1 else key[0]]], theirs))
    return pd.DataFrame(rows)


def split(table: pd.DataFrame, figure: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a figure's table into reproduced and published rows; Figure 3: the first replicate only."""
    if figure == 3:
        ours = table[table["part"] == "training"]
        return ours[ours["seed"] == ours["seed"].min()], table[table["part"] == "published"]
    key, ours = ("part", "curve") if figure == 1 else ("source", "ours")
    return table[table[key] == ours], table[table[key] == "published"]


def compare(figure: int, key: tuple, ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, Any]:
    """Compare one reproduced curve with its published curve: one row of the table."""
    spec = FIGURES[figure]
    ours, theirs = (part.sort_values(spec["x"]) for part in (ours, theirs))
    x, mine = ours[spec["x"]].to_numpy(float), ours[spec["ours"]].to_numpy(float)
    at, values = theirs[spec["x"]].to_numpy(float), theirs[spec["published"]].to_numpy(float)
    # Digitised curves have no points on straight stretches.
    grid = x[(x >= at[0]) & (x <= at[-1])]
    at, values = grid, np.interp(grid, at, values)
    ends = end(mine), end(values)
    times = (np.nan, np.nan) if figure == 5 else (time(x, mine), time(at, values))
    return {
        "figure": figure,
        "series": " ".join(f"{name} = {value}" for name, value in zip(spec["keys"], key, strict=True)),
        "n_replicates": int(ours[REPLICATES[figure]].iloc[0]) if figure in REPLICATES else 1,
        "n_points": len(at),
        "share_inside": inside(figure, ours, x, at, values),
        "final_ours": ends[0],
        "final_published": ends[1],
        "final_difference": ends[0] - ends[1],
        "time_ours": times[0],
        "time_published": times[1],
        "time_ratio": times[0] / times[1],
    }


def inside(figure: int, ours: pd.DataFrame, x: np.ndarray, at: np.ndarray, values: np.ndarray) -> float:
    """Compute the share of published values within the reproduced band at the same x; NaN without a band."""
    if figure not in BANDS or int(ours[REPLICATES[figure]].iloc[0]) < 2:
        return np.nan
    low, high = (np.interp(at, x, ours[end].to_numpy(float)) for end in BANDS[figure])
    return float(np.mean((low <= values) & (values <= high)))


def end(values: np.ndarray) -> float:
    """Compute the mean of the last tenth of a curve."""
    return float(values[-max(1, len(values) // 10) :].mean())


def time(x: np.ndarray, values: np.ndarray) -> float:
    """Find the first x at which SHARE of the change from the first to the final value is complete.

    NaN if the change is below 0.1; accuracies and losses range over 1.
    """
    change = end(values) - values[0]
    if abs(change) < 0.1:
        return np.nan
    return float(x[np.argmax((values - values[0]) / change >= SHARE - 1e-9)]) + 1
