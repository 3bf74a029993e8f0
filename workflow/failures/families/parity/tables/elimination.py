"""Share of parities that Gaussian elimination over GF(2), the field with the elements 0 and 1, finds.

Each sample is one linear equation for v*.

Columns:
    experiment: what varies: `samples` or `label_noise`
    n_features
    n_samples: number of equations per system
    label_noise: probability that a label is flipped
    trials: number of systems, each with a random v*
    share, share_low, share_high: share of systems whose solution is v*; 95 % interval (Wilson)
    predicted: predicted share: probability of full rank, times the probability that d labels are correct
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import wilson
from failures.engine.seeding import DATA, generator
from failures.families.parity.theory.gaussian_elimination import full_rank_probability, recovery


def tabulate(
    inputs: dict[str, Any],
    n_features: list[int],
    extra_samples: list[int],
    label_noise: list[float],
    trials: int,
) -> pd.DataFrame:
    """Run Gaussian elimination on random systems: without noise against samples, then against label noise.

    Args:
        inputs: Empty.
        n_features: Values of d.
        extra_samples: Numbers of samples beyond d; the last one is used with label noise.
        label_noise: Probabilities in [0, 1/2] that a label is flipped.
        trials: Number of systems per row.

    Returns:
        The table that `Columns` describes.
    """
    points = [("samples", d, d + extra, 0.0) for d in n_features for extra in extra_samples]
    points += [("label_noise", d, d + extra_samples[-1], noise) for d in n_features for noise in label_noise]
    rows = []
    for experiment, d, n_samples, noise in points:
        rng = generator("parity", "elimination", experiment, d, n_samples, str(noise), DATA)
        solved, _ = recovery(d, n_samples, noise, trials, rng)
        low, high = wilson(solved, trials)
        rows.append((experiment, d, n_samples, noise, trials, solved / trials, low, high))
        rows[-1] += (full_rank_probability(n_samples, d) * (1 - noise) ** d,)
    columns = ["experiment", "n_features", "n_samples", "label_noise", "trials", "share", "share_low", "share_high"]
    return pd.DataFrame(rows, columns=[*columns, "predicted"])
