"""GLMtron, forward-only training with plain gradient steps, on an activation that its theorem covers."""

from __future__ import annotations

import numpy as np


def ramp(r: np.ndarray, lipschitz: float) -> np.ndarray:
    """u(r) = L r between 0 and 1, and constant outside: of the shape of r."""
    return np.clip(lipschitz * r, 0.0, 1.0)


def glmtron(
    inputs: np.ndarray, target: np.ndarray, lipschitz: float, n_iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean squared error of every iterate w <- w + (1 / L) mean((y - u(<w, x>)) x), from w = 0, y = u(<v*, x>).

    With ||x|| <= 1 each iteration brings ||w - v*||^2 down by at least error / L^2, because
    (u(s) - u(t))(s - t) >= (u(s) - u(t))^2 / L: the errors of T iterates sum to at most L^2 ||v*||^2, so that the best
    of them has at most L^2 ||v*||^2 / T (`bound`). inputs: [n, d] of lengths at most 1. target: v* [d].
    Returns the errors [n_iterations] and ||w - v*||^2 [n_iterations], of w_0, w_1, ...
    """
    labels, weights = ramp(inputs @ target, lipschitz), np.zeros_like(target)
    errors, distances = np.empty(n_iterations), np.empty(n_iterations)
    for t in range(n_iterations):
        residual = labels - ramp(inputs @ weights, lipschitz)
        errors[t], distances[t] = (residual**2).mean(), ((weights - target) ** 2).sum()
        weights = weights + residual @ inputs / (lipschitz * len(inputs))
    return errors, distances


def bound(target: np.ndarray, lipschitz: float, n_iterations: np.ndarray) -> np.ndarray:
    """Upper bound L^2 ||v*||^2 / T on the error of the best of T iterates, of the shape of n_iterations."""
    return lipschitz**2 * (target**2).sum() / n_iterations


def unit_inputs(n: int, n_features: int, rng: np.random.Generator) -> np.ndarray:
    """n inputs, uniform on the unit sphere: [n, n_features]."""
    normal = rng.standard_normal((n, n_features))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)
