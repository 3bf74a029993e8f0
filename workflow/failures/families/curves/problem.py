"""Curves problem: locate the breakpoints of piecewise linear curves (section 4, Figure 6).

A curve is f_t = sum_i a_i [t - theta_i + 1]_+ for t = 0..n-1; its slope changes by a_i at the breakpoint theta_i. Let p
in R^n be a_i at theta_i and 0 elsewhere. Then f = W p with W_ij = [i - j + 1]_+, and p_t = f_t - 2 f_(t-1) + f_(t-2),
where f is 0 before its first point (Lemma 1). W is the square of the matrix of cumulative sums. The paper's text writes
[t - theta_i]_+ and uses centred patches (f_(t-1), f_t, f_(t+1)) for p_t. With the sum above, the same three values
determine p_(t+1).

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
# Points at either end without breakpoints in the scripts.
MARGIN = 3


def draw_instances(stream: str, n_curves: list[int], distribution: str, seeds: list[int]) -> pd.DataFrame:
    """List the training sets of a problem; `curve_set` draws their curves when they are needed.

    Args:
        stream: Name of the problem's random stream.
        n_curves: Sizes of the training sets; a smaller set is the beginning of a larger one.
        distribution: `slopes` or `uniform`, as in `draw_changes`.
        seeds: Seeds of the replicates.

    Returns:
        Columns trial, seed, n_curves and distribution, one row per seed and size.
    """
    rows = [(f"curves_{n}_seed_{seed}", seed, n, distribution) for seed in seeds for n in n_curves]
    return pd.DataFrame(rows, columns=["trial", "seed", "n_curves", "distribution"])


def curve_set(
    streams: Streams, seed: int, n_points: int, n_pieces: int, distribution: str, n_training: int, n_validation: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the changes of slope p of the training and validation curves of a replicate.

    Args:
        streams: Random streams of the problem.
        seed: Seed of the replicate.
        n_points: Points per curve, n.
        n_pieces: Breakpoints per curve, k.
        distribution: `slopes` or `uniform`, as in `draw_changes`.
        n_training: Number of training curves.
        n_validation: Number of validation curves.

    Returns:
        Changes of slope, float64 [n_training, n_points] and float64 [n_validation, n_points].
    """
    sets = ((INSTANCE, n_training), (EVALUATION, n_validation))
    return tuple(
        draw_changes(n, n_points, n_pieces, distribution, streams.generator(seed, purpose)) for purpose, n in sets
    )


def draw_changes(n: int, n_points: int, n_pieces: int, distribution: str, rng: np.random.Generator) -> np.ndarray:
    """Draw the changes of slope p of random curves.

    With `uniform` (the paper's text), breakpoints are drawn from 0..n_points-1 without replacement, and changes are
    uniform on [-1, 1]. With `slopes` (the authors' scripts), breakpoints are drawn from 3..n_points-4, and the slopes
    are one of four triples.

    Args:
        n: Number of curves.
        n_points: Points per curve.
        n_pieces: Breakpoints per curve.
        distribution: `slopes` or `uniform`.
        rng: Random generator.

    Returns:
        Changes of slope, float64 [n, n_points].

    Raises:
        ValueError: If `distribution` is `slopes` and `n_pieces` is not 3.
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
    # The indices of the smallest of i.i.d. uniform numbers are a sample without replacement.
    places = np.argpartition(rng.random((n, last - first)), n_pieces - 1, axis=1)[:, :n_pieces]
    changes = np.zeros((n, n_points))
    np.put_along_axis(changes, first + np.sort(places, axis=1), values, axis=1)
    return changes


def decode(changes: np.ndarray) -> np.ndarray:
    """Compute the curves f = W p of changes of slope p, both [..., n_points]."""
    return changes.cumsum(axis=-1).cumsum(axis=-1)


def encode(curves: np.ndarray) -> np.ndarray:
    """Compute the changes of slope p = W^-1 f of curves f, both [..., n_points].

    Reference:
        Lemma 1.
    """
    return np.diff(np.diff(curves, axis=-1, prepend=0), axis=-1, prepend=0)


def decoder(n_points: int) -> np.ndarray:
    """Return the matrix W, float64 [n_points, n_points]."""
    rows, columns = np.indices((n_points, n_points))
    return np.maximum(rows - columns + 1.0, 0.0)


def patches(curves: np.ndarray) -> np.ndarray:
    """Return the patches (f_t, f_(t-1), f_(t-2)), t = 2..n-1, of curves, [..., n] -> [..., n - 2, 3]."""
    return np.stack([curves[..., 2:], curves[..., 1:-1], curves[..., :-2]], axis=-1)


def second_moment(rows: np.ndarray) -> np.ndarray:
    """Compute the uncentred second moment E[x x^T] of vectors x.

    Args:
        rows: Vectors, [..., n].

    Returns:
        Matrix, float64 [n, n].
    """
    rows = rows.reshape(-1, rows.shape[-1])
    return rows.T @ rows / len(rows)


def inverse_root(matrix: np.ndarray) -> np.ndarray:
    """Compute the symmetric C^(-1/2) of a positive semidefinite matrix.

    Args:
        matrix: The matrix C, [n, n].

    Returns:
        Matrix, [n, n]; 0 on eigenvectors whose eigenvalue is 0 up to rounding.
    """
    values, vectors = np.linalg.eigh(matrix)
    kept = values > values.max() * len(values) * np.finfo(matrix.dtype).eps
    roots = np.where(kept, values, np.inf) ** -0.5
    return (vectors * roots) @ vectors.T
