"""The problem: put all money on the one stock, of k, that is certain to rise (section 3, Figure 4).

A state of the market x is one of d unit vectors; its label y(x) is the stock that rises, and the rewards
z in {-1, 1}^k have z_y(x) = 1 and fair coins elsewhere. A portfolio p earns <z, p>, on average p_y(x).

Columns of instances/portfolio/PROBLEM/seeds_BLOCK.csv:
    trial, seed, rate_factor
    labels: y(x), the index of the stock that rises, for every state x
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.engine.seeding import INSTANCE, Streams


def draw_instances(stream: str, n_features: int, n_stocks: int, seeds: list[int]) -> pd.DataFrame:
    """Draw the labelling of each replicate, uniform over [k]^d.

    name: the problem's name, part of the random stream. variant: means nothing here; text and scripts agree.
    Returns columns trial (name of the row), seed and labels (d numbers with spaces between them).
    """
    streams = Streams("portfolio", stream)
    rows = []
    for seed in seeds:
        labels = streams.generator(seed, INSTANCE).integers(n_stocks, size=n_features)
        rows.append((f"seed_{seed}", seed, " ".join(map(str, labels))))
    return pd.DataFrame(rows, columns=["trial", "seed", "labels"])


def parse_labels(labels: str) -> np.ndarray:
    """The column `labels` of a trial as integers [n_features]."""
    return np.array(labels.split(" "), dtype=np.int64)
