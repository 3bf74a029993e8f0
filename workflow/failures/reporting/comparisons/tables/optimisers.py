"""Table of the figure optimisers: updates to a target for each optimiser at its best rate, and how they grow."""

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
    """Updates to the target at every rate, at the best, and their growth with the size.

    inputs: `runs_FAMILY` and `history_FAMILY` (files) of each family. families: for each, `problems` with what their
    size is, and `learners` with their `optimizer`. The target is four fifths of the way from chance to perfect
    (`failures.reporting.comparisons.scales`); a run's updates are those done at the first evaluation there, inf if there is none.

    Returns columns part, family, problem, size, learner, optimiser, rate_factor, learning_rate, at_edge, updates,
    updates_low, updates_high, share_reached, progress, progress_low, progress_high, budget, law, exponent,
    exponent_low, exponent_high, n_sizes, n_diverged and n_replicates. Part `rate`: median updates over the
    replicates, share of these that reached the target, and mean progress at the end with its range. Part
    `best`: at the rate of the fewest median updates, its 95 % interval by bootstrap over replicates, with the rate
    chosen anew in each draw; `progress` is the best of any rate, with the range at that rate. Part `growth`: exponent
    of these updates in the size, over the sizes up to the first that was not reached, and its interval from the same
    draws: log2(updates) against the size for the law `exponential`, against log2(size) for `power`.
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
    """Keras' name of an optimiser, or `momentum` for SGD with it."""
    momentum = optimizer["name"] == "SGD" and optimizer["arguments"].get("momentum", 0) > 0
    return "momentum" if momentum else optimizer["name"]


def _family(inputs: dict[str, Any], family: str, settings: dict[str, dict[str, dict[str, Any]]]) -> pd.DataFrame:
    """All parts of a family."""
    runs = _timed(*read_family(inputs, family, settings["problems"]))
    rates = _rates(
        runs, {name: learner["optimizer"]["learning_rate"] for name, learner in settings["learners"].items()}
    )
    of_rates = {key: group.reset_index(drop=True) for key, group in rates.groupby(GROUP)}
    bests, draws = [], {}
    for key, group in runs.groupby(GROUP):
        row, draws[key] = _best(dict(zip(GROUP, key, strict=True)), group, of_rates[key])
        bests.append(row)
    bests = pd.DataFrame(bests)
    growths = [
        _growth(ours, {key[2]: fewest for key, fewest in draws.items() if key[-1] == learner})
        for learner, ours in bests.groupby("learner")
        if len(set(ours["size"])) > 1
    ]
    parts = [rates.assign(part="rate"), bests, pd.DataFrame(growths)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _timed(runs: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """The runs with `updates` to the target, and `target`, the instance without its rate's prefix."""
    first = history[history["progress"] >= TARGET].groupby(RUN)["step"].min() + 1.0
    runs = runs.merge(first.rename("updates").reset_index(), on=RUN, how="left")
    runs["updates"] = runs["updates"].fillna(np.inf)
    names = zip(runs["instance"], runs["rate_factor"], strict=True)
    runs["target"] = [name.removeprefix(f"rate_{factor:g}_") for name, factor in names]
    return runs


def _rates(runs: pd.DataFrame, learning_rates: dict[str, float]) -> pd.DataFrame:
    """Part `rate`."""
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
    # Twelve digits, so that 0.1 * 3 is 0.3.
    scaled = table["learner"].map(learning_rates) * table["rate_factor"]
    return table.assign(learning_rate=[float(f"{rate:.12g}") for rate in scaled])


def _best(keys: dict[str, Any], runs: pd.DataFrame, rates: pd.DataFrame) -> tuple[dict[str, Any], np.ndarray]:
    """Row of the part `best`, and the fewest median updates: measured, then those of the draws."""
    times = runs.pivot(index="rate_factor", columns="target", values="updates").to_numpy()
    rng = generator("beyond", "optimisers", keys["family"], keys["problem"], keys["learner"])
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
    """Row of the part `growth`. bests: a learner's rows of `best`; by_size: what `_best` returns beside them."""
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
