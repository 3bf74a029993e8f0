"""Random parities h_v(x) = (-1)^<x, v> of d uniform bits, and the distributions of the target v* (section 2).

Columns of instances/parity/PROBLEM/seeds_BLOCK.csv:
    trial, seed, rate_factor, subset_size
    target: v*, one digit per bit; read the column as a string to keep leading zeros
    noise: kind `statistical_queries`: standard deviation of the noise added to each component of the gradient
    tolerance: kind `statistical_queries`: largest rounding error of each component of the gradient
    other: kind `target_pairs`: the second target v*
    labels: kind `target_pairs`: `parity`, or `coins` for the control with random labels
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.engine.seeding import INSTANCE, Streams

WORD = 32  # bits per packed word


def draw_instances(
    stream: str,
    n_features: int,
    subset_sizes: str | list[int],
    seeds: list[int],
    targets: str = "front",
    kind: str = "targets",
    samples: str = "fresh",
    queries: dict[str, list[float]] | None = None,
) -> pd.DataFrame:
    """Draw the targets v* of a problem; the table has one row per trial.

    Args:
        stream: Name of the problem in the keys of random streams.
        n_features: Input dimension d.
        subset_sizes: ``"random"`` draws one target per seed. A list draws one uniform subset of each size per seed.
        seeds: Seeds of the replicates.
        targets: Distribution of a random target, ``"front"`` (authors' scripts) or ``"uniform"`` (paper's text).
        kind: Kind of the problem, as in the configuration.
        samples: ``"fresh"`` or ``"cube"``; with fresh samples, the kind `target_pairs` has controls.
        queries: For the kind `statistical_queries`: lists `noise` and `tolerance` of oracle settings.

    Returns:
        Table with the columns `trial` (unique name), `seed`, `subset_size` |v*| and `target` (v* as a string of 0 and
        1). The kind `statistical_queries` adds `noise` and `tolerance`, with one row per target and oracle setting. The
        kind `target_pairs` adds `other`, a second target, and `labels`: ``"parity"``, or ``"coins"`` for controls with
        random labels.
    """
    streams = Streams("parity", stream)
    if kind == "target_pairs":
        return _draw_pairs(streams, n_features, samples, seeds)
    rows = []
    for seed in seeds:
        if subset_sizes == "random":
            rng = streams.generator(seed, INSTANCE)
            rows.append((f"seed_{seed}", seed, DRAW[targets](n_features, rng)))
        else:
            for size in subset_sizes:
                rng = streams.generator(seed, INSTANCE, size)
                rows.append((f"size_{size}_seed_{seed}", seed, subset_of_size(n_features, size, rng)))
    return _with_oracle_settings(_table(rows), queries) if kind == "statistical_queries" else _table(rows)


def _with_oracle_settings(table: pd.DataFrame, queries: dict[str, list[float]]) -> pd.DataFrame:
    """Repeat each target once per oracle setting: every noise without rounding, then every tolerance without noise."""
    settings = [(f"noise_{index}", noise, 0.0) for index, noise in enumerate(queries["noise"])]
    settings += [(f"tolerance_{index}", 0.0, tolerance) for index, tolerance in enumerate(queries["tolerance"])]
    table = table.merge(pd.DataFrame(settings, columns=["setting", "noise", "tolerance"]), how="cross")
    table["trial"] += "_" + table.pop("setting")
    return table


def _draw_pairs(streams: Streams, n_features: int, samples: str, seeds: list[int]) -> pd.DataFrame:
    """Draw two different targets per seed, with a control if the samples are fresh."""
    rows = []
    for seed in seeds:
        rng = streams.generator(seed, INSTANCE)
        target = other = draw_uniform(n_features, rng)
        while (other == target).all():
            other = draw_uniform(n_features, rng)
        rows.append((f"pair_{seed}", seed, target, _text(other), "parity"))
        if samples == "fresh":
            rows.append((f"coins_{seed}", seed, target, _text(other), "coins"))
    return _table(rows, "other", "labels")


def _table(rows: list[tuple], *columns: str) -> pd.DataFrame:
    """Return the table of instances; `columns` are the names of further columns of `rows`."""
    table = pd.DataFrame(rows, columns=["trial", "seed", "target", *columns])
    table.insert(2, "subset_size", [int(target.sum()) for target in table["target"]])
    table["target"] = table["target"].map(_text)
    return table


def _text(target: np.ndarray) -> str:
    """Return a target as a string of 0 and 1."""
    return "".join(map(str, target))


def draw_uniform(n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a target as in the paper's text: uniform over {0, 1}^d without 0, whose label is constant.

    Args:
        n_features: Dimension d.
        rng: Random generator.

    Returns:
        An int array [n_features] of 0 and 1.

    Reference:
        Section 2.
    """
    while True:
        target = rng.integers(0, 2, n_features)
        if target.any():
            return target


def draw_front(n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a target as in the authors' scripts: its size is the number of positive values among d standard normals.

    The relevant bits come first. Input bits are exchangeable, so their position does not matter. Sizes 0 (a constant
    label) and 1 (for which the scripts fail) are drawn again, except that d = 1 permits size 1.

    Args:
        n_features: Dimension d.
        rng: Random generator.

    Returns:
        An int array [n_features] of 0 and 1.
    """
    while True:
        size = int((rng.standard_normal(n_features) > 0).sum())
        if size >= min(2, n_features):
            return (np.arange(n_features) < size).astype(int)


DRAW = {"front": draw_front, "uniform": draw_uniform}


def subset_of_size(n_features: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a subset of the d bits uniformly from those of one size.

    Args:
        n_features: Dimension d.
        size: Number of bits in the subset.
        rng: Random generator.

    Returns:
        Indicator vector of the subset, an int array [n_features].
    """
    target = np.zeros(n_features, int)
    target[rng.choice(n_features, size, replace=False)] = 1
    return target


def parse_target(target: str) -> np.ndarray:
    """Return the indicator vector of a target, an int array [n_features].

    Args:
        target: Value of the column `target`, such as ``"11000"``.
    """
    return np.array([int(bit) for bit in target])


def pack(bits: np.ndarray) -> np.ndarray:
    """Pack bits into int32 words; bit j of word w is bit 32 w + j.

    Args:
        bits: 0/1, [..., n].

    Returns:
        An int32 array [..., ceil(n / 32)].
    """
    padding = [(0, 0)] * (bits.ndim - 1) + [(0, -bits.shape[-1] % WORD)]
    words = np.pad(bits, padding).reshape(*bits.shape[:-1], -1, WORD).astype(np.uint64)
    return (words << np.arange(WORD, dtype=np.uint64)).sum(-1).astype(np.uint32).view(np.int32)


def cube(n_features: int) -> np.ndarray:
    """Return all 2^d inputs as bits; bit j of row i is bit j of the integer i.

    Args:
        n_features: Dimension d.

    Returns:
        An int array [2^d, n_features].
    """
    return np.arange(2**n_features)[:, None] >> np.arange(n_features) & 1
