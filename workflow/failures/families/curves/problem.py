"""The problem: find the breakpoints of piecewise linear curves (section 4, Figure 6).

A curve is f_t = sum_i a_i [t - theta_i + 1]_+ for t = 0..n-1: at theta_i its slope changes by a_i. With p in
R^n that has a_i at theta_i, f = W p for W_ij = [i - j + 1]_+, and p_t = f_t - 2 f_(t-1) + f_(t-2) (Lemma 1; f is 0
before it begins). W is the square of the matrix of cumulative sums. The text writes [t - theta_i]_+, and centred
patches (f_(t-1), f_t, f_(t+1)) for p_t; with the sum above, the same three numbers belong to p_(t+1).

Columns of instances/curves/PROBLEM/seeds_BLOCK.csv:
    trial, seed, rate_factor
    n_curves: number of curves in the training set
    distribution: `slopes` (the curves of the scripts) or `uniform` (those of the text)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.engine.seeding import EVALUATION, INSTANCE, Streams

# Slopes of the scripts' three pieces.
SLOPES = np.array([[1, -1, 1], [1, -2, 1], [-2, 1, -1], [1, -1, 2]])
# Points at either end that the scripts keep free of breakpoints.
MARGIN = 3


def draw_instances(stream: str, n_curves: list[int], distribution: str, seeds: list[int]) -> pd.DataFrame:
    """The training sets of a problem, one a row; their curves are drawn by `curve_set` when they are needed.

    name: the problem's name. n_curves: sizes of the sets; a smaller one is the beginning of a larger one.
    variant: means nothing here (`distribution` follows it). Returns columns trial, seed, n_curves, distribution.
    """
    rows = [(f"curves_{n}_seed_{seed}", seed, n, distribution) for seed in seeds for n in n_curves]
    return pd.DataFrame(rows, columns=["trial", "seed", "n_curves", "distribution"])


def curve_set(
    streams: Streams, seed: int, n_points: int, n_pieces: int, distribution: str, n_training: int, n_validation: int
) -> tuple[np.ndarray, np.ndarray]:
    """Slope changes p of the training and of the validation curves of a replicate, float64 [n_..., n_points]."""
    sets = ((INSTANCE, n_training), (EVALUATION, n_validation))
    return tuple(
        draw_changes(n, n_points, n_pieces, distribution, streams.generator(seed, purpose)) for purpose, n in sets
    )


def draw_changes(n: int, n_points: int, n_pieces: int, distribution: str, rng: np.random.Generator) -> np.ndarray:
    """Slope changes p of n random curves, float64 [n, n_points], with n_pieces breakpoints each.

    distribution: ``"uniform"``, breakpoints from 0..n_points-1 without replacement and changes uniform on [-1, 1]
    (the text); ``"slopes"``, breakpoints from 3..n_points-4 and one of four triples of slopes (the scripts).
    ValueError for ``"slopes"`` with another number of pieces than 3.
    """
    if distribution == "slopes":
        if n_pieces != SLOPES.shape[1]:
            raise ValueError(
                f"n_pieces = {n_pieces}: must be {SLOPES.shape[1]} for distribution: slopes (the authors' scripts)"
            )
        slopes = SLOPES[rng.integers(len(SLOPES), size=n)]
        values = np.diff(slopes, axis=1, prepend=0).astype(np.float64)
        first, last = MARGIN, n_points - MARGIN
    else:
        values = rng.uniform(-1, 1, (n, n_pieces))
        first, last = 0, n_points
    # The places of the smallest of uniform numbers are a sample without replacement.
    places = np.argpartition(rng.random((n, last - first)), n_pieces - 1, axis=1)[:, :n_pieces]
    changes = np.zeros((n, n_points))
    np.put_along_axis(changes, first + np.sort(places, axis=1), values, axis=1)
    return changes


def decode(changes: np.ndarray) -> np.ndarray:
    """The curves f = W p of slope changes p, both [..., n_points]."""
    return changes.cumsum(axis=-1).cumsum(axis=-1)


def encode(curves: np.ndarray) -> np.ndarray:
    """The slope changes p = W^-1 f of curves f, both [..., n_points]."""
    return np.diff(np.diff(curves, axis=-1, prepend=0), axis=-1, prepend=0)


def decoder(n_points: int) -> np.ndarray:
    """The matrix W, float64 [n_points, n_points]."""
    rows, columns = np.indices((n_points, n_points))
    return np.maximum(rows - columns + 1.0, 0.0)


def patches(curves: np.ndarray) -> np.ndarray:
    """The patches (f_t, f_(t-1), f_(t-2)), t = 2..n-1, of curves [..., n]; returns [..., n - 2, 3]."""
    return np.stack([curves[..., 2:], curves[..., 1:-1], curves[..., :-2]], axis=-1)


def second_moment(rows: np.ndarray) -> np.ndarray:
    """E[x x^T] over all vectors x of rows [..., n], uncentred: float64 [n, n]."""
    rows = rows.reshape(-1, rows.shape[-1])
    return rows.T @ rows / len(rows)


def inverse_root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric C^(-1/2) of a positive semidefinite matrix, zero where C is zero to rounding."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > values.max() * len(values) * np.finfo(matrix.dtype).eps
    roots = np.where(kept, values, np.inf) ** -0.5
    return (vectors * roots) @ vectors.T
