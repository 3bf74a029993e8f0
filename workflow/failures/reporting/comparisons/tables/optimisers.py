"""Updates until each optimiser reaches a level of performance, and their growth with the size of the problem.

The level to reach is a progress of 0.8 on the scale from chance (0) to perfect (1). It corresponds to an accuracy of
0.9, an unexplained variance of 0.2, a relative breakpoint error of 0.2, or a loss of -0.8.

Columns:
    part: `rate`: every learning rate; `best`: the learning rate with the fewest updates; `growth`: dependence of these
        updates on the size
    family, problem, learner
    size: size of the problem: d, k or n
    optimiser: name of the Keras optimiser, or `momentum` for SGD with momentum
    rate_factor
    learning_rate: learning rate
    at_edge: whether the best rate is the smallest or the largest of the sweep
    updates: updates until the level is reached, median over replicates; inf if not reached
    updates_low, updates_high: 95 % interval by a bootstrap over replicates, in which each bootstrap sample selects its
        own best rate
    share_reached: share of replicates that reach the level
    progress: mean progress at the end of training; in the part `best`, at the rate with the largest mean
    progress_low, progress_high: minimum and maximum of the progress over replicates, at the same rate
    budget: updates per run
    law: straight-line fit of log2(updates): `exponential` against the size, `power` against log2(size) (`growth`)
    exponent: slope of the fit, over all sizes smaller than the first size at which the level is not reached
    exponent_low, exponent_high: 95 % interval from the same bootstrap samples
    n_sizes: number of sizes in the fit
    n_diverged: number of diverged runs
    n_replicates
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.engine.seeding import generator
from failures.reporting.comparisons.growth import LAWS, best, exponents, interval
from failures.reporting.comparisons.runs import RUN, read_family
from failures.reporting.comparisons.scales import TARGET

N_DRAWS = 1000
GROUP = ["family", "problem", "size", "learner"]
PROGRESS = ["progress", "progress_low", "progress_high"]
COLUMNS = ["part", *GROUP, "optimiser", "rate_factor", "learning_rate", "at_edge", "updates", "updates_low"]
COLUMNS += ["updates_high", "share_reached", *PROGRESS, "budget", "law", "exponent", "exponent_low", "exponent_high"]
COLUMNS += ["n_sizes", "n_diverged", "n_replicates"]


def tabulate(inputs: dict[str, Any], families: dict[str, dict[str, dict[str, dict[str, Any]]]]) -> pd.DataFrame:
    """Count the updates to the level at every rate and at the best one, and fit their growth with the size.

    Args:
        inputs: `runs_FAMILY` and `history_FAMILY`, the paths of both kinds of files for each family.
        families: For each family, `problems` with the size of each problem, and `learners` with their `optimizer` and
            `stream`.

    Returns:
        The table that `Columns` describes.
    """
    rows = pd.concat([_family(inputs, name, settings) for name, settings in families.items()], ignore_index=True)
    table = rows.reindex(columns=COLUMNS)
    labels = {
        (family, name): label(learner["optimizer"])
        for family, settings in families.items()
        for name, learner in settings["learners"].items()
    }
    table["optimiser"] = [labels[key] for key in zip(table["family"], table["learner"], strict=True)]
    counts = ["size", "budget", "n_sizes", "n_diverged", "n_replicates"]
    table[counts] = table[counts].astype("Int64")
    return table


def label(optimizer: dict[str, Any]) -> str:
    """Return the Keras name of an optimiser; `momentum` for SGD with momentum."""
    momentum = optimizer["name"] == "SGD" and optimizer["arguments"].get("momentum", 0) > 0
    return "momentum" if momentum else optimizer["name"]


def _family(inputs: dict[str, Any], family: str, settings: dict[str, dict[str, dict[str, Any]]]) -> pd.DataFrame:
    """Build all parts of a family."""
    runs = _timed(*read_family(inputs, family, settings["problems"]))
    rates = _rates(
        runs, {name: learner["optimizer"]["learning_rate"] for name, learner in settings["learners"].items()}
    )
    rates_by_group = {key: group.reset_index(drop=True) for key, group in rates.groupby(GROUP)}
    bests, draws = [], {}
    for key, group in runs.groupby(GROUP):
        keys = dict(zip(GROUP, key, strict=True))
        stream = settings["learners"][keys["learner"]]["stream"]
        row, draws[key] = _best(keys, stream, group, rates_by_group[key])
        bests.append(row)
    bests = pd.DataFrame(bests)
    growths = [
        _growth(rows, {key[2]: fewest for key, fewest in draws.items() if key[-1] == learner})
        for learner, rows in bests.groupby("learner")
        if len(set(rows["size"])) > 1
    ]
    parts = [rates.assign(part="rate"), bests, pd.DataFrame(growths)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _timed(runs: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Add `updates` to the target, and `target`, the trial without the prefix of its learning rate."""
    first = history[history["progress"] >= TARGET].groupby(RUN)["step"].min() + 1.0
    runs = runs.merge(first.rename("updates").reset_index(), on=RUN, how="left")
    runs["updates"] = runs["updates"].fillna(np.inf)
    names = zip(runs["trial"], runs["rate_factor"], strict=True)
    runs["target"] = [name.removeprefix(f"rate_{factor:g}_") for name, factor in names]
    return runs


def _rates(runs: pd.DataFrame, learning_rates: dict[str, float]) -> pd.DataFrame:
    """Build the part `rate`."""
    runs = runs.assign(reached=np.isfinite(runs["updates"]), diverged=runs["status"] != "ok")
    table = runs.groupby([*GROUP, "rate_factor"]).agg(
        updates=("updates", "median"),
        share_reached=("reached", "mean"),
        progress=("progress", "mean"),
        progress_low=("progress", "min"),
        progress_high=("progress", "max"),
        budget=("n_steps", "max"),
        n_diverged=("diverged", "sum"),
        n_replicates=("target", "nunique"),
    )
    table = table.reset_index()
    # Rounded to twelve digits, so that 0.1 * 3 is 0.3.
    scaled = table["learner"].map(learning_rates) * table["rate_factor"]
    return table.assign(learning_rate=[float(f"{rate:.12g}") for rate in scaled])


def _best(
    keys: dict[str, Any], stream: str, runs: pd.DataFrame, rates: pd.DataFrame
) -> tuple[dict[str, Any], np.ndarray]:
    """Build a row of the part `best`; also return the smallest median updates: measured, then of the draws."""
    times = runs.pivot(index="rate_factor", columns="target", values="updates").to_numpy()
    rng = generator("beyond", "optimisers", keys["family"], keys["problem"], stream)
    draws = best(times, rng.integers(0, times.shape[1], (N_DRAWS, times.shape[1])))
    fewest = float(np.median(times, axis=1).min())
    furthest = rates.loc[rates["progress"].fillna(-np.inf).idxmax()]
    chosen = rates.loc[rates["updates"].idxmin()] if np.isfinite(fewest) else furthest
    low, high = interval(draws)
    row = keys | {
        "part": "best",
        **chosen[["rate_factor", "learning_rate", "share_reached"]],
        "at_edge": len(rates) > 1 and chosen.name in (0, len(rates) - 1),
        "updates": fewest,
        "updates_low": low,
        "updates_high": high,
        **furthest[PROGRESS],
        "budget": rates["budget"].max(),
        "n_diverged": rates["n_diverged"].sum(),
        "n_replicates": times.shape[1],
    }
    return row, np.append(fewest, draws)


def _growth(bests: pd.DataFrame, by_size: dict[int, np.ndarray]) -> dict[str, Any]:
    """Build a row of the part `growth`.

    Args:
        bests: Rows of a learner in the part `best`.
        by_size: Smallest median updates by size, from `_best`.
    """
    sizes = sorted(by_size)
    times = np.stack([by_size[size] for size in sizes], axis=1)
    law = LAWS.get(bests["family"].iloc[0], "power")
    values = exponents(np.array(sizes, float), times, law)
    low, high = interval(values[1:])
    return {
        "part": "growth",
        **bests.iloc[0][["family", "learner"]],
        "law": law,
        "exponent": values[0],
        "exponent_low": low,
        "exponent_high": high,
        "n_sizes": int(np.isfinite(times[0]).cumprod().sum()),
        "n_replicates": bests["n_replicates"].min(),
    }
