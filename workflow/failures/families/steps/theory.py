"""GLMtron: forward-only training with plain gradient steps on a Lipschitz activation (appendix A.7)."""

from __future__ import annotations

import numpy as np


def ramp(r: np.ndarray, lipschitz: float) -> np.ndarray:
    """Compute the activation u(r) = L r between 0 and 1, constant outside.

    Args:
        r: Inputs.
        lipschitz: Lipschitz constant L.

    Returns:
        Values in [0, 1], of the shape of r.
    """
    return np.clip(lipschitz * r, 0.0, 1.0)


def glmtron(
    inputs: np.ndarray, target: np.ndarray, lipschitz: float, n_iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Run GLMtron, w <- w + (1 / L) mean((y - u(<w, x>)) x), from w = 0, on labels y = u(<v*, x>).

    Let ||x|| <= 1. Each iteration reduces ||w - v*||^2 by at least error / L^2, because (u(s) - u(t))(s - t) >= (u(s) -
    u(t))^2 / L. Hence the errors of T iterates sum to at most L^2 ||v*||^2, and the smallest of them is at most L^2
    ||v*||^2 / T (`bound`).

    Args:
        inputs: Inputs of norm at most 1, [n, d].
        target: v*, [d].
        lipschitz: Lipschitz constant L.
        n_iterations: Number of iterations.

    Returns:
        Mean squared errors and ||w - v*||^2 of the iterates w_0, w_1, ..., each [n_iterations].

    Reference:
        Kakade et al. (2011); appendix A.7.
    """
    labels, weights = ramp(inputs @ target, lipschitz), np.zeros_like(target)
    errors, distances = np.empty(n_iterations), np.empty(n_iterations)
    for t in range(n_iterations):
        residual = labels - ramp(inputs @ weights, lipschitz)
        errors[t], distances[t] = (residual**2).mean(), ((weights - target) ** 2).sum()
        weights = weights + residual @ inputs / (lipschitz * len(inputs))
    return errors, distances


def bound(target: np.ndarray, lipschitz: float, n_iterations: np.ndarray) -> np.ndarray:
    """Compute the upper bound L^2 ||v*||^2 / T on the smallest error of T iterates.

    Args:
        target: v*, [d].
        lipschitz: Lipschitz constant L.
        n_iterations: Numbers of iterations, T.

    Returns:
        Bounds, of the shape of `n_iterations`.

    Reference:
        Appendix A.7.
    """
    return lipschitz**2 * (target**2).sum() / n_iterations


def unit_inputs(n: int, n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Draw inputs uniformly from the unit sphere.

    Args:
        n: Number of inputs.
        n_features: Input dimension, d.
        rng: Random generator.

    Returns:
        Inputs, [n, n_features].
    """
    normal = rng.standard_normal((n, n_features))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)
