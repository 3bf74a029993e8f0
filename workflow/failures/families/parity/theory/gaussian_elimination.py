"""Parities are easy for a method that is no gradient method: Gaussian elimination over GF(2).

A sample (x, y) of the parity of v is one linear equation over the field of two elements: the inner product
of the bits of x with v is 0 for y = 1 and 1 for y = -1.
"""

from __future__ import annotations

import numpy as np


def eliminate(bits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve many systems of m equations at once, each from the first d independent ones.

    bits: 0/1, [trials, m, d]. labels: -1/+1, [trials, m].
    Returns the solutions v, 0/1 [trials, d], and whether the system had full rank, [trials]; without it, v
    is one of several solutions. Equations beyond the d independent ones are not looked at.
    """
    n_trials, n_samples, n_features = bits.shape
    system = np.concatenate([bits, labels[..., None] < 0], axis=2).astype(bool)
    trials = np.arange(n_trials)
    used = np.zeros((n_trials, n_samples), bool)
    pivots = np.zeros((n_trials, n_features), int)
    full_rank = np.ones(n_trials, bool)
    for column in range(n_features):
        candidates = system[:, :, column] & ~used
        pivot = candidates.argmax(1)
        found = candidates[trials, pivot]
        full_rank &= found
        pivots[:, column] = pivot
        used[trials, pivot] |= found
        others = system[:, :, column] & found[:, None]
        others[trials, pivot] = False
        system ^= others[:, :, None] & system[trials, pivot][:, None, :]
    return system[trials[:, None], pivots, -1].astype(int), full_rank


def full_rank_probability(n_samples: int, n_features: int) -> float:
    """Probability that random bits [n_samples, n_features] have full column rank over GF(2)."""
    if n_samples < n_features:
        return 0.0
    return float(np.prod(1 - 0.5 ** (n_samples - np.arange(n_features))))


def recovery(
    n_features: int, n_samples: int, label_noise: float, n_trials: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Trials, of `n_trials`, in which elimination finds a random v*, and in which the system had full rank.

    label_noise: probability that a label is flipped.
    """
    bits = rng.integers(0, 2, (n_trials, n_samples, n_features))
    targets = rng.integers(0, 2, (n_trials, n_features))
    labels = 1 - 2 * (np.einsum("tmd,td->tm", bits, targets) % 2)
    labels *= np.where(rng.random(labels.shape) < label_noise, -1, 1)
    found, full_rank = eliminate(bits, labels)
    return int((full_rank & (found == targets).all(1)).sum()), int(full_rank.sum())
