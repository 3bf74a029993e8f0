"""The problem: which of two spirals a point lies on; an instance is the angle by which both are turned.

Columns of instances/spirals/PROBLEM/seeds_BLOCK.csv:
    trial, seed, rate_factor
    angle: radians
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.engine.seeding import INSTANCE, Streams


def draw_instances(stream: str, n_turns: float, seeds: list[int]) -> pd.DataFrame:
    """Draw one angle per seed.

    Args:
        stream: Name of the problem's random streams.
        n_turns: Turns of each spiral.
        seeds: Seeds of the replicates.

    Returns:
        Columns trial, seed and angle (radians).
    """
    streams = Streams("spirals", stream)
    angles = [streams.generator(seed, INSTANCE).uniform(0, 2 * np.pi) for seed in seeds]
    return pd.DataFrame({"trial": [f"seed_{seed}" for seed in seeds], "seed": seeds, "angle": angles})
