"""Portfolio problem: put all money on the one of k stocks that is certain to rise (section 3, Figure 4).

A state x of the market is one of d unit vectors. Its label y(x) is the stock that rises. The rewards z in {-1, 1}^k
have z_y(x) = 1 and fair coins elsewhere. A portfolio p earns <z, p>, whose expectation is p_y(x).

Columns of instances/portfolio/PROBLEM/seeds_BLOCK.csv:
    trial, seed, rate_factor
    labels: y(x), the index of the stock that rises, for every state x
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.engine.seeding import INSTANCE, Streams


def draw_instances(stream: str, n_features: int, n_stocks: int, seeds: list[int]) -> pd.DataFrame:
    """Draw the labelling of each replicate, uniform on [k]^d.

    Args:
        stream: Name of the problem's random stream.
        n_features: Number of states, d.
        n_stocks: Number of stocks, k.
        seeds: Seeds of the replicates.

    Returns:
        Columns trial, seed and labels, one row per seed.
    """
    streams = Streams("portfolio", stream)
    rows = []
    for seed in seeds:
        labels = streams.generator(seed, INSTANCE).integers(n_stocks, size=n_features)
        rows.append((f"seed_{seed}", seed, " ".join(map(str, labels))))
    return pd.DataFrame(rows, columns=["trial", "seed", "labels"])


def parse_labels(labels: str) -> np.ndarray:
    """Parse the column `labels` of a trial into integers, [n_features]."""
    return np.array(labels.split(" "), dtype=np.int64)
