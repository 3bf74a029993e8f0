"""Conditioning of the learners of curves, exactly (section 4, Lemmas 1 and 2, Theorem 3).

A linear learner p = U f sees f = W p; where E[p p^T] = lambda I its inputs have the second moment lambda W W^T, whose
condition number is S_11^2 / S_nn^2 with the singular values S of W. A filter of three taps sees patches of
the curve, with a second moment of 3 x 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import linalg, sparse
from scipy.special import comb

from failures.engine.seeding import INSTANCE, generator
from failures.families.curves.problem import (
    MARGIN,
    SLOPES,
    decode,
    decoder,
    draw_changes,
    inverse_root,
    patches,
    second_moment,
)

# First root of cos(x) cosh(x) = -1: as n grows, W / n^2 becomes the operator of double integration, whose largest
# singular value is 1 / BEAM^2 (a beam that is clamped at one end).
BEAM = 1.8751040687119611
# Second differences (Lemma 1).
FILTER = np.array([1.0, -2.0, 1.0])


def singular_values(n_points: int) -> tuple[float, float]:
    """Largest and smallest singular value of W, to about ten digits.

    The largest by Lanczos' method on W^T W, applied as cumulative sums; the smallest from the largest eigenvalue of
    W^-1 W^-T, a band matrix. They tend to n^2 / BEAM^2 and 1/4, so that S_11^2 / S_nn^2 tends to 16 n^4 / BEAM^4.
    """

    def gram(x: np.ndarray) -> np.ndarray:
        return x.cumsum().cumsum()[::-1].cumsum().cumsum()[::-1]

    operator = sparse.linalg.LinearOperator((n_points, n_points), matvec=lambda x: gram(x.ravel()), dtype=np.float64)
    (largest,) = sparse.linalg.eigsh(operator, k=1, v0=np.ones(n_points), return_eigenvectors=False)
    inverse = sparse.diags_array([1.0, -2.0, 1.0], offsets=[0, -1, -2], shape=(n_points, n_points))
    product = (inverse @ inverse.T).tocsr()
    bands = np.zeros((3, n_points))
    for offset in range(3):
        bands[offset, : n_points - offset] = product.diagonal(-offset)
    (top,) = linalg.eigvals_banded(bands, lower=True, select="i", select_range=(n_points - 1, n_points - 1))
    return float(np.sqrt(largest)), float(top**-0.5)


def patch_moment(n_points: int, distribution: str, n_pieces: int = 3) -> np.ndarray:
    """E[x x^T] of the patches x = (f_t, f_(t-1), f_(t-2)), t = 2..n-1, exactly: float64 [3, 3].

    Over all curves of the distribution (`failures.families.curves.problem.draw_changes`), by summing over places of the
    breakpoints. n_pieces is used by ``"uniform"`` alone.
    """
    if distribution == "uniform":
        return _uniform_patch_moment(n_points, n_pieces)
    # E[slope_u slope_v], then its cumulative sums are E[f_s f_t].
    moments = _slope_moment(n_points).cumsum(axis=0).cumsum(axis=1)
    sums = [np.trace(moments[2 - a : n_points - a, 2 - b : n_points - b]) for a in range(3) for b in range(3)]
    return np.reshape(sums, (3, 3)) / (n_points - 2)


def _uniform_patch_moment(n_points: int, n_pieces: int) -> np.ndarray:
    """Changes of slope are independent with variance 1/3, so that only the same breakpoint's terms remain."""
    # A patch at distance m = t - theta from a breakpoint is ([m + 1]_+, [m]_+, [m - 1]_+).
    distance = np.arange(n_points)
    patch = np.maximum(distance[:, None] + [1.0, 0.0, -1.0], 0.0)
    # Pairs (t, theta) with t = 2..n-1 and theta = 0..n-1 at each distance.
    pairs = np.minimum(n_points - distance, n_points - 2)
    # Distance -1 gives the patch (0, 0, 0).
    return n_pieces / (3 * n_points * (n_points - 2)) * (patch * pairs[:, None]).T @ patch


def _slope_moment(n_points: int) -> np.ndarray:
    """E[slope_u slope_v] of the scripts' curves, [n, n]; a slope is told by the number of breakpoints before it."""
    places, pieces = n_points - 2 * MARGIN, SLOPES.shape[1]
    slopes = np.hstack([np.zeros((len(SLOPES), 1)), SLOPES])
    products = slopes.T @ slopes / len(slopes)
    before = np.clip(np.arange(n_points) - MARGIN + 1, 0, places)
    u, v = np.minimum.outer(before, before), np.maximum.outer(before, before)
    moment = np.zeros((n_points, n_points))
    for i in range(pieces + 1):
        for j in range(i, pieces + 1):
            ways = comb(np.arange(places + 1)[:, None], np.arange(pieces + 1))
            moment += products[i, j] * ways[u, i] * ways[v - u, j - i] * ways[places - v, pieces - j]
    return moment / comb(places, pieces)


def estimated_root(n_points: int, distribution: str, n_curves: int, seed: int, dtype: str = "float64") -> np.ndarray:
    """C^(-1/2) of three random pieces, C estimated from the patches of n_curves curves, all in precision dtype."""
    rng = generator("curves", "conditioning", distribution, n_points, seed, INSTANCE)
    curves = decode(draw_changes(n_curves, n_points, 3, distribution, rng)).astype(dtype)
    return inverse_root(second_moment(patches(curves)))


def condition_number(matrix: np.ndarray) -> float:
    """Largest over smallest eigenvalue of a symmetric matrix, in its own precision; inf if one is not positive."""
    values = np.linalg.eigvalsh(matrix)
    return float(values[-1] / values[0]) if values[0] > 0 else np.inf


def descent(n_points: int, step_size: float, n_steps: int) -> np.ndarray:
    """Lemma 2: U_t of gradient descent from U_0 = 0 on E ||p - U f||^2 / 2, with E[p p^T] = lambda I, [n, n].

    U_t = (I - (I - eta lambda W^T W)^t) W^-1, which is also the mean of U_t of stochastic gradient descent.
    step_size: eta lambda. n_steps: t.
    """
    left, values, right = np.linalg.svd(decoder(n_points))
    gains = -np.expm1(n_steps * np.log1p(-step_size * values**2 + 0j)).real / values
    return (right.T * gains) @ left.T


def descent_error(values: np.ndarray, step_size: float, n_steps: np.ndarray | int) -> np.ndarray:
    """||U_t - W^-1|| = max_i |1 - eta lambda S_i^2|^t / S_i after t = n_steps, of the shape of n_steps.

    values: singular values S of W. step_size: eta lambda.
    """
    factors = np.abs(1 - step_size * values**2)
    return np.max(factors ** np.asarray(n_steps)[..., None] / values, axis=-1)


def simulate(n_points: int, step_size: float, target: float, limit: int) -> int | None:
    """Iterations of gradient descent until ||U_t - W^-1|| <= target, counted; None after `limit` of them."""
    inverse = np.linalg.inv(decoder(n_points))
    for step, learnt in enumerate(_iterates(n_points, step_size)):
        error = learnt - inverse
        # The Frobenius norm is cheap and at most sqrt(n) times the spectral one, which decides.
        if np.linalg.norm(error) <= target * np.sqrt(n_points) and np.linalg.norm(error, 2) <= target:
            return step
        if step == limit:
            return None
    return None


def simulated_errors(n_points: int, step_size: float, steps: list[int]) -> dict[int, float]:
    """||U_t - W^-1|| of gradient descent after each number of iterations, by iterating."""
    inverse, errors = np.linalg.inv(decoder(n_points)), {}
    for step, learnt in enumerate(_iterates(n_points, step_size)):
        if step in steps:
            errors[step] = float(np.linalg.norm(learnt - inverse, 2))
        if step == max(steps):
            return errors
    return errors


def _iterates(n_points: int, step_size: float) -> Iterator[np.ndarray]:
    """U_0, U_1, ... of gradient descent on E ||p - U f||^2 / 2, the same array each time."""
    matrix = decoder(n_points)
    gram, constant = step_size * matrix @ matrix.T, step_size * matrix.T
    learnt = np.zeros_like(matrix)
    while True:
        yield learnt
        learnt += constant - learnt @ gram


def simulate_stochastic(
    n_points: int, step_size: float, steps: list[int], n_replicates: int, rng: np.random.Generator
) -> np.ndarray:
    """Mean U_t over replicates of stochastic gradient descent, one fresh p in {-1, 1}^n a step: [len(steps), n, n]."""
    matrix = decoder(n_points)
    learnt, means = np.zeros((n_replicates, n_points, n_points)), []
    for step in range(max(steps) + 1):
        if step in steps:
            means.append(learnt.mean(axis=0))
        changes = rng.choice([-1.0, 1.0], size=(n_replicates, n_points))
        curves = changes @ matrix.T
        residual = changes - np.einsum("rij,rj->ri", learnt, curves)
        learnt += step_size * residual[:, :, None] * curves[:, None, :]
    return np.array(means)


def iterations(error: Callable[[int], float], target: float) -> int:
    """Least t with error(t) <= target, for an error that never grows with t (bisection; OverflowError beyond 2^62)."""
    high = 1
    while error(high) > target:
        high *= 2
        if high > 2**62:
            raise OverflowError(f"error above target = {target} even at t = 2^62; choose a larger target")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if error(middle) <= target else (middle, high)
    return 0 if error(0) <= target else high


def filter_error(moment: np.ndarray, root: np.ndarray, n_steps: int) -> float:
    """||w_t - w|| of gradient descent on the filter w = (1, -2, 1), from w_0 = 0.

    moment: C of the patches. root: the matrix R that patches are multiplied by, the identity for none. The
    learner moves v in w = R v with the moment R C R, at the step size 1 / its largest eigenvalue:
    w_t - w = -R (I - R C R / max)^t R^-1 w.
    """
    values, vectors = np.linalg.eigh(root @ moment @ root)
    start = vectors.T @ np.linalg.solve(root, FILTER)
    return float(np.linalg.norm(root @ vectors @ ((1 - values / values[-1]) ** float(n_steps) * start)))
