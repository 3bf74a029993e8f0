"""Exact conditioning of the learners of curves (section 4, Lemmas 1 and 2, Theorem 3).

A linear learner p = U f has the inputs f = W p. If E[p p^T] = lambda I, their second moment is lambda W W^T, whose
condition number is S_11^2 / S_nn^2 with the singular values S of W. The inputs of a filter of three taps are patches of
the curve, whose second moment is 3 x 3.
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

# First root of cos(x) cosh(x) = -1. For large n, W / n^2 tends to the operator of double integration, whose largest
# singular value is 1 / BEAM^2 (a beam clamped at one end).
BEAM = 1.8751040687119611
# Filter of second differences (Lemma 1).
FILTER = np.array([1.0, -2.0, 1.0])


def singular_values(n_points: int) -> tuple[float, float]:
    """Compute the largest and the smallest singular value of W, to about ten digits.

    The largest is computed by Lanczos' method on W^T W, applied as cumulative sums. The smallest follows from the
    largest eigenvalue of the band matrix W^-1 W^-T. For large n they tend to n^2 / BEAM^2 and 1/4, so S_11^2 / S_nn^2
    tends to 16 n^4 / BEAM^4.

    Args:
        n_points: Points per curve, n.

    Returns:
        S_11 and S_nn.
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
    """Compute E[x x^T] of patches x = (f_t, f_(t-1), f_(t-2)), t = 2..n-1, exactly, over all curves of a distribution.

    Args:
        n_points: Points per curve, n.
        distribution: `slopes` or `uniform`, as in `failures.families.curves.problem.draw_changes`.
        n_pieces: Breakpoints per curve, only used for `uniform`.

    Returns:
        Matrix, float64 [3, 3].
    """
    if distribution == "uniform":
        return _uniform_patch_moment(n_points, n_pieces)
    # The cumulative sums of E[slope_u slope_v] are E[f_s f_t].
    moments = _slope_moment(n_points).cumsum(axis=0).cumsum(axis=1)
    sums = [np.trace(moments[2 - a : n_points - a, 2 - b : n_points - b]) for a in range(3) for b in range(3)]
    return np.reshape(sums, (3, 3)) / (n_points - 2)


def _uniform_patch_moment(n_points: int, n_pieces: int) -> np.ndarray:
    """Compute the moment for independent changes of slope with variance 1/3, whose mixed terms vanish."""
    # A patch at distance m = t - theta from a breakpoint is ([m + 1]_+, [m]_+, [m - 1]_+).
    distance = np.arange(n_points)
    patch = np.maximum(distance[:, None] + [1.0, 0.0, -1.0], 0.0)
    # Pairs (t, theta) with t = 2..n-1 and theta = 0..n-1 at each distance.
    pairs = np.minimum(n_points - distance, n_points - 2)
    # Distance -1 gives the patch (0, 0, 0).
    return n_pieces / (3 * n_points * (n_points - 2)) * (patch * pairs[:, None]).T @ patch


def _slope_moment(n_points: int) -> np.ndarray:
    """Compute E[slope_u slope_v] of the scripts' curves, [n, n].

    The number of breakpoints before a point determines its slope.
    """
    places, pieces = n_points - 2 * MARGIN, SLOPES.shape[1]
    slopes = np.hstack([np.zeros((len(SLOPES), 1)), SLOPES])
    products = slopes.T @ slopes / len(slopes)
    before = np.clip(np.arange(n_points) - MARGIN + 1, 0, places)
    u, v = np.minimum.outer(before, before), np.maximum.outer(before, before)
    moment = np.zeros((n_points, n_points))
    for i in range(pieces + 1):
        for j in range(i, pieces + 1):
            counts = comb(np.arange(places + 1)[:, None], np.arange(pieces + 1))
            moment += products[i, j] * counts[u, i] * counts[v - u, j - i] * counts[places - v, pieces - j]
    return moment / comb(places, pieces)


def estimated_root(n_points: int, distribution: str, n_curves: int, seed: int, dtype: str = "float64") -> np.ndarray:
    """Compute C^(-1/2) with C estimated from the patches of random curves with three pieces.

    Args:
        n_points: Points per curve, n.
        distribution: `slopes` or `uniform`, as in `failures.families.curves.problem.draw_changes`.
        n_curves: Number of curves.
        seed: Seed of the curves.
        dtype: Precision of all computations.

    Returns:
        Matrix, [3, 3].
    """
    rng = generator("curves", "conditioning", distribution, n_points, seed, INSTANCE)
    curves = decode(draw_changes(n_curves, n_points, 3, distribution, rng)).astype(dtype)
    return inverse_root(second_moment(patches(curves)))


def condition_number(matrix: np.ndarray) -> float:
    """Compute the condition number of a symmetric matrix in its own precision.

    Args:
        matrix: Symmetric matrix, [n, n].

    Returns:
        Largest divided by smallest eigenvalue; inf if an eigenvalue is not positive.
    """
    values = np.linalg.eigvalsh(matrix)
    return float(values[-1] / values[0]) if values[0] > 0 else np.inf


def descent(n_points: int, step_size: float, n_steps: int) -> np.ndarray:
    """Compute U_t of gradient descent on E ||p - U f||^2 / 2 from U_0 = 0, where E[p p^T] = lambda I.

    U_t = (I - (I - eta lambda W^T W)^t) W^-1, which is also the mean of U_t under stochastic gradient descent.

    Args:
        n_points: Points per curve, n.
        step_size: eta lambda.
        n_steps: Number of iterations, t.

    Returns:
        Matrix, [n, n].

    Reference:
        Lemma 2.
    """
    left, values, right = np.linalg.svd(decoder(n_points))
    gains = -np.expm1(n_steps * np.log1p(-step_size * values**2 + 0j)).real / values
    return (right.T * gains) @ left.T


def descent_error(values: np.ndarray, step_size: float, n_steps: np.ndarray | int) -> np.ndarray:
    """Compute the spectral error ||U_t - W^-1|| = max_i |1 - eta lambda S_i^2|^t / S_i.

    Args:
        values: Singular values S of W.
        step_size: eta lambda.
        n_steps: Numbers of iterations, t.

    Returns:
        Errors, of the shape of `n_steps`.

    Reference:
        Lemma 2.
    """
    factors = np.abs(1 - step_size * values**2)
    return np.max(factors ** np.asarray(n_steps)[..., None] / values, axis=-1)


def simulate(n_points: int, step_size: float, target: float, limit: int) -> int | None:
    """Run gradient descent until the spectral error is at most a target.

    Args:
        n_points: Points per curve, n.
        step_size: eta lambda.
        target: Largest error ||U_t - W^-1||.
        limit: Largest number of iterations.

    Returns:
        Number of iterations; None if `limit` iterations do not suffice.
    """
    inverse = np.linalg.inv(decoder(n_points))
    for step, learnt in enumerate(_iterates(n_points, step_size)):
        error = learnt - inverse
        # The Frobenius norm is cheap and at most sqrt(n) times the spectral norm, so it is checked first.
        if np.linalg.norm(error) <= target * np.sqrt(n_points) and np.linalg.norm(error, 2) <= target:
            return step
        if step == limit:
            return None
    return None


def simulated_errors(n_points: int, step_size: float, steps: list[int]) -> dict[int, float]:
    """Run gradient descent and return its spectral errors ||U_t - W^-1||.

    Args:
        n_points: Points per curve, n.
        step_size: eta lambda.
        steps: Numbers of iterations, t.

    Returns:
        Errors by number of iterations.
    """
    inverse, errors = np.linalg.inv(decoder(n_points)), {}
    for step, learnt in enumerate(_iterates(n_points, step_size)):
        if step in steps:
            errors[step] = float(np.linalg.norm(learnt - inverse, 2))
        if step == max(steps):
            return errors
    return errors


def _iterates(n_points: int, step_size: float) -> Iterator[np.ndarray]:
    """Yield U_0, U_1, ... of gradient descent on E ||p - U f||^2 / 2; the same array is updated in place."""
    matrix = decoder(n_points)
    gram, constant = step_size * matrix @ matrix.T, step_size * matrix.T
    learnt = np.zeros_like(matrix)
    while True:
        yield learnt
        learnt += constant - learnt @ gram


def simulate_stochastic(
    n_points: int, step_size: float, steps: list[int], n_replicates: int, rng: np.random.Generator
) -> np.ndarray:
    """Run stochastic gradient descent with one sample per step, p uniform on {-1, 1}^n.

    Args:
        n_points: Points per curve, n.
        step_size: eta lambda.
        steps: Numbers of iterations, t.
        n_replicates: Number of runs.
        rng: Random generator.

    Returns:
        Mean of U_t over the runs, [len(steps), n, n].
    """
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
    """Return the smallest t with error(t) <= target, by bisection.

    Args:
        error: Error after t iterations, non-increasing in t.
        target: Largest error.

    Raises:
        OverflowError: If t exceeds 2^62.
    """
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
    """Compute ||w_t - w|| of gradient descent on the filter w = (1, -2, 1), from w_0 = 0.

    The learner trains v with w = R v. Its moment is R C R, and its step size is 1 / max, where max is the largest
    eigenvalue of R C R: w_t - w = -R (I - R C R / max)^t R^-1 w.

    Args:
        moment: Second moment C of the patches, [3, 3].
        root: Matrix R that patches are multiplied by, [3, 3]; the identity for none.
        n_steps: Number of iterations, t.
    """
    values, vectors = np.linalg.eigh(root @ moment @ root)
    start = vectors.T @ np.linalg.solve(root, FILTER)
    return float(np.linalg.norm(root @ vectors @ ((1 - values / values[-1]) ** float(n_steps) * start)))
