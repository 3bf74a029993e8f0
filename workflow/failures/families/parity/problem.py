"""The problem: parities h_v(x) = (-1)^<x, v> of d uniform bits, and how targets v* are drawn (section 2).

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

WORD = 32  # bits of a packed word


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
    """Draw the targets v* of a problem, one a row.

    name: the problem's name, part of the random stream. subset_sizes: ``"random"`` draws one target a
    seed as the variant does; a list draws, for each seed, a subset of each size uniformly.
    Returns columns trial (name of the row), seed, subset_size |v*|, target (v* as a string of 0 and 1);
    for the kind of problem

    - queries: noise and tolerance, one row for each noise and each tolerance in `queries`;
    - comparison: other, a second target, and labels, what labels are: ``"parity"``, or ``"coins"`` for the
      control that each pair has where the samples are fresh.
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
    return _with_queries(_table(rows), queries) if kind == "statistical_queries" else _table(rows)


def _with_queries(table: pd.DataFrame, queries: dict[str, list[float]]) -> pd.DataFrame:
    """Each target once for every noise and for every tolerance."""
    answers = [(f"noise_{index}", noise, 0.0) for index, noise in enumerate(queries["noise"])]
    answers += [(f"tolerance_{index}", 0.0, tolerance) for index, tolerance in enumerate(queries["tolerance"])]
    table = table.merge(pd.DataFrame(answers, columns=["answer", "noise", "tolerance"]), how="cross")
    table["trial"] += "_" + table.pop("answer")
    return table


def _draw_pairs(streams: Streams, n_features: int, samples: str, seeds: list[int]) -> pd.DataFrame:
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


def _table(rows: list[tuple], *more: str) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["trial", "seed", "target", *more])
    table.insert(2, "subset_size", [int(target.sum()) for target in table["target"]])
    table["target"] = table["target"].map(_text)
    return table


def _text(target: np.ndarray) -> str:
    return "".join(map(str, target))


def draw_uniform(n_features: int, rng: np.random.Generator) -> np.ndarray:
    """The text's target: uniform over {0, 1}^d without 0, whose label is constant. Returns [n_features]."""
    while True:
        target = rng.integers(0, 2, n_features)
        if target.any():
            return target


def draw_front(n_features: int, rng: np.random.Generator) -> np.ndarray:
    """The scripts' target: as many ones, all at the front, as d standard normals are positive.

    The inputs' bits are exchangeable, so the place of the ones does not matter. Sizes 0 (a constant
    label) and 1 (on which the scripts fail) are drawn again, but for d = 1. Returns [n_features].
    """
    while True:
        size = int((rng.standard_normal(n_features) > 0).sum())
        if size >= min(2, n_features):
            return (np.arange(n_features) < size).astype(int)


DRAW = {"front": draw_front, "uniform": draw_uniform}


def subset_of_size(n_features: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Indicator of a uniformly drawn subset of `size` of the d bits. Returns [n_features]."""
    target = np.zeros(n_features, int)
    target[rng.choice(n_features, size, replace=False)] = 1
    return target


def parse_target(target: str) -> np.ndarray:
    """The column `target` of a trial as 0/1 integers [n_features]."""
    return np.array([int(bit) for bit in target])


def pack(bits: np.ndarray) -> np.ndarray:
    """Pack bits [..., n] into int32 words [..., ceil(n / 32)], bit j of a word being bit 32 w + j."""
    padding = [(0, 0)] * (bits.ndim - 1) + [(0, -bits.shape[-1] % WORD)]
    words = np.pad(bits, padding).reshape(*bits.shape[:-1], -1, WORD).astype(np.uint64)
    return (words << np.arange(WORD, dtype=np.uint64)).sum(-1).astype(np.uint32).view(np.int32)


def cube(n_features: int) -> np.ndarray:
    """All 2^d inputs as bits, int [2^d, n_features]; bit j of row i is bit j of i."""
    return np.arange(2**n_features)[:, None] >> np.arange(n_features) & 1
