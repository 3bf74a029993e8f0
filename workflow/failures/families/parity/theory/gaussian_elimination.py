"""Gaussian elimination over GF(2), which learns parities from about d samples without gradients (section 2).

A sample (x, y) of the parity of v is one linear equation over the field with two elements: the inner product of the
bits of x with v is 0 for y = 1 and 1 for y = -1.
"""

from __future__ import annotations

import numpy as np


def eliminate(bits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve many systems of m equations at once, each from its first d independent equations.

    Args:
        bits: 0/1, [trials, m, d].
        labels: -1/+1, [trials, m].

    Returns:
        The solutions v, 0/1 [trials, d], and whether each system has full rank, [trials]. Without full rank, v is one
        of several solutions. Equations after the first d independent ones are ignored.
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
        has_pivot = candidates[trials, pivot]
        full_rank &= has_pivot
        pivots[:, column] = pivot
        used[trials, pivot] |= has_pivot
        others = system[:, :, column] & has_pivot[:, None]
        others[trials, pivot] = False
        system ^= others[:, :, None] & system[trials, pivot][:, None, :]
    return system[trials[:, None], pivots, -1].astype(int), full_rank


def full_rank_probability(n_samples: int, n_features: int) -> float:
    """Return the probability that uniform bits [n_samples, n_features] have full column rank over GF(2).

    Args:
        n_samples: Number of equations.
        n_features: Number of unknowns d.
    """
    if n_samples < n_features:
        return 0.0
    return float(np.prod(1 - 0.5 ** (n_samples - np.arange(n_features))))


def recovery(
    n_features: int, n_samples: int, label_noise: float, n_trials: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Count the random systems for which elimination returns v*, and those with full rank.

    Args:
        n_features: Number of unknowns d.
        n_samples: Number of equations per system.
        label_noise: Probability that a label is flipped, in [0, 1/2].
        n_trials: Number of systems.
        rng: Random generator.

    Returns:
        The number of systems of full rank whose solution is v*, and the number of systems of full rank.
    """
    bits = rng.integers(0, 2, (n_trials, n_samples, n_features))
    targets = rng.integers(0, 2, (n_trials, n_features))
    labels = 1 - 2 * (np.einsum("tmd,td->tm", bits, targets) % 2)
    labels *= np.where(rng.random(labels.shape) < label_noise, -1, 1)
    solutions, full_rank = eliminate(bits, labels)
    return int((full_rank & (solutions == targets).all(1)).sum()), int(full_rank.sum())
