"""The problem: which of two spirals a point lies on; a trial is the angle that both are turned by."""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.engine.seeding import INSTANCE, generator


def draw_instances(name: str, n_turns: float, seeds: list[int], variant: str) -> pd.DataFrame:
    """One row a seed, with columns trial, seed and angle (radians)."""
    angles = [generator("spirals", name, seed, INSTANCE).uniform(0, 2 * np.pi) for seed in seeds]
    return pd.DataFrame({"trial": [f"seed_{seed}" for seed in seeds], "seed": seeds, "angle": angles})
