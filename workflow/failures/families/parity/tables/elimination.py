"""Table of the figure elimination: how often Gaussian elimination over GF(2) finds the parity."""

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
    """Share of random parities that are found, against samples without noise, and against label noise.

    inputs: none. Returns one row a point: experiment (samples, label_noise), n_features, n_samples, label_noise,
    trials, share (v* found), share_low, share_high (95 %, Wilson) and predicted: the probability of full
    rank, times (1 - noise)^d for d labels that all must be right.
    """
    points = [("samples", d, d + extra, 0.0) for d in n_features for extra in extra_samples]
    points += [("label_noise", d, d + extra_samples[-1], noise) for d in n_features for noise in label_noise]
    rows = []
    for experiment, d, n_samples, noise in points:
        rng = generator("parity", "elimination", experiment, d, n_samples, str(noise), DATA)
        found, _ = recovery(d, n_samples, noise, trials, rng)
        low, high = wilson(found, trials)
        rows.append((experiment, d, n_samples, noise, trials, found / trials, low, high))
        rows[-1] += (full_rank_probability(n_samples, d) * (1 - noise) ** d,)
    columns = ["experiment", "n_features", "n_samples", "label_noise", "trials", "share", "share_low", "share_high"]
    return pd.DataFrame(rows, columns=[*columns, "predicted"])
