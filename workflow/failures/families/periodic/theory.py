"""Exact gradient variance over the direction of v, for one hidden ReLU layer (section 2, Theorem 2).

The network is p(x) = sum_j a_j relu(<w_j, x> + b_j) + c on standard normal x in R^d. The loss is 1/2 (p - y)^2 with y =
psi(<v, x>), and v is uniform on the sphere of radius r. Only g(v) = E_x[psi(<v, x>) grad p(x)] depends on v.

For one unit let s = <w, x> / ||w||, beta = b / ||w|| and rho the cosine of the angle between v and w. Then gamma = 2 pi
r rho is the wave's frequency along w, and delta = 2 pi r sqrt(1 - rho^2) is its frequency across w. For any phi,
E_x[exp(2 pi i <v, x>) phi(s)] = exp(-delta^2 / 2) E_s[phi(s) exp(i gamma s)]. With J_k =
E_s[s^k 1{s > -beta} exp(i gamma s)], the gradient of the wave cos(2 pi u) is as follows, each times exp(-delta^2 / 2):

    by a_j: ||w|| Re(J_1 + beta J_0)        by w_j along w_j: a_j Re J_1
    by b_j: a_j Re J_0                      by w_j along the rest of v: -a_j delta Im J_0

The gradient by c is constant. The last of the four has a random sign, so its mean over v is 0. Over v, rho = cos(theta)
has a density proportional to sin(theta)^(d - 2), so one-dimensional integrals remain. Other waves are sums of harmonics
with norms m r.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.special import gammaln, wofz
from scipy.stats import norm as normal

from failures.families.periodic.problem import harmonics

# Gauss-Legendre nodes per panel; panels are as long as the integrand's finest scale.
NODES = 12
# Above this |z|, the asymptotic series of `_decaying` is exact to double precision. Below, cancellation amplifies
# rounding errors by less than 200.
FAR = 8.0
# Above this delta, exp(-delta^2 / 2) is 0 in double precision.
VANISHED = 39.0


def truncated_waves(gamma: np.ndarray, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Compute J_0 and J_1, J_k = E[s^k 1{s > -beta} exp(i gamma s)] for a standard normal s.

    The relative error is small for every gamma >= 0. With Faddeeva's w(z), z = (gamma - i beta) / sqrt(2), J_0 =
    exp(-beta^2 / 2 - i beta gamma) w(z) / 2, where beta <= 0 keeps z in the upper half plane. For beta > 0 the part
    below -beta is subtracted from the integral over the whole line.

    Args:
        gamma: Frequencies, at least 0.
        beta: Bias of the unit divided by the norm of its weights.

    Returns:
        J_0 and J_1, complex, of the shape of gamma.
    """
    if beta > 0:
        rest_0, rest_1 = truncated_waves(gamma, -beta)
        whole = np.exp(-(gamma**2) / 2)
        return whole - rest_0.conj(), 1j * gamma * whole + rest_1.conj()
    z = (gamma - 1j * beta) / np.sqrt(2)
    edge = normal.pdf(beta) * np.exp(-1j * beta * gamma)
    half = np.sqrt(np.pi / 2) * wofz(z)
    return edge * half, edge * (_decaying(z) - beta * half)


def _decaying(z: np.ndarray) -> np.ndarray:
    """Compute 1 + i sqrt(pi) z w(z), which decays as -1 / (2 z^2), without cancellation for large |z|."""
    is_far = abs(z) > FAR
    far, near = np.where(is_far, z, FAR), np.where(is_far, 0, z)
    series, term = 0, 1
    for k in range(1, 40, 2):
        term = term * k / (2 * far**2)
        series = series - term
    return np.where(is_far, series, 1 + 1j * np.sqrt(np.pi) * near * wofz(near))


def angles(norm: float, largest: float, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return quadrature nodes theta in (0, pi / 2) and weights that average over both hemispheres of the sphere.

    Near theta = 0 the panels start at the scale of the highest harmonic and double in length. Beyond, they are as long
    as the finer of the scales of wave and sphere.

    Args:
        norm: r of the wave.
        largest: r of its highest harmonic.
        n_features: Dimension, d.

    Returns:
        Nodes and weights, each [n].
    """
    step = min(1 / (2 * np.pi * norm + np.sqrt(n_features)), np.pi / 8)
    finest = min(1 / (2 * np.pi * largest), step)
    doubling = finest * 2.0 ** np.arange(np.floor(np.log2(step / finest)) + 1)
    uniform = np.linspace(doubling[-1], np.pi / 2, int(np.ceil((np.pi / 2 - doubling[-1]) / step)) + 1)
    edges = np.concatenate([[0.0], doubling[:-1], uniform])
    x, weights = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    theta = (edges[:-1, None] + half * (1 + x)).ravel()
    log_area = gammaln(n_features / 2) - gammaln((n_features - 1) / 2) + np.log(2 / np.sqrt(np.pi))
    density = np.exp(log_area + (n_features - 2) * np.log(np.sin(theta)))
    return theta, (half * weights).ravel() * density


def unit_gradients(theta: np.ndarray, norm: float, beta: float, wave: str) -> np.ndarray:
    """Compute the expected gradients E_x[psi grad] of a unit with ||w|| = a = 1.

    Args:
        theta: Angles between v and w, [n].
        norm: r.
        beta: Bias of the unit.
        wave: `cosine` or `square`.

    Returns:
        Gradients by a, by b, by w along w, and by w along the rest of v, [4, n].
    """
    total = np.zeros((4, len(theta)))
    for multiple, coefficient in zip(*harmonics(wave), strict=True):
        gamma, delta = (2 * np.pi * multiple * norm * f(theta) for f in (np.cos, np.sin))
        live = delta < VANISHED
        gamma, delta = gamma[live], delta[live]
        j_0, j_1 = truncated_waves(gamma, beta)
        parts = np.stack([j_1.real + beta * j_0.real, j_0.real, j_1.real, -delta * j_0.imag])
        total[:, live] += coefficient * np.exp(-(delta**2) / 2) * parts
    return total


@cache
def unit_variances(n_features: int, norm: float, beta: float, wave: str) -> tuple[float, float]:
    """Compute the variances over v of a unit's gradient.

    Deviations are squared, instead of subtracting squares, so that the smallest variances keep their relative accuracy.
    All gradients are even or odd in cos(theta), so half of the angles suffice.

    Args:
        n_features: Dimension, d >= 2.
        norm: r.
        beta: Bias of the unit divided by the norm of its weights.
        wave: `cosine` or `square`.

    Returns:
        Variance of the gradient by a (for ||w|| = 1), and by b and w together (for a = 1).
    """
    theta, weights = angles(norm, norm * harmonics(wave)[0][-1], n_features)
    by_a, by_b, along, across = unit_gradients(theta, norm, beta, wave)
    spread = [weights @ (part - weights @ part) ** 2 for part in (by_a, by_b, along)]
    return float(spread[0]), float(spread[1] + spread[2] + weights @ across**2)


def gradient_variance(weights: Sequence[np.ndarray], norm: float, wave: str) -> float:
    """Compute the variance over v of a network's expected gradient, summed over its parameters.

    Args:
        weights: w [d, n], b [n], a [n, 1] and c [1], as returned by Keras; no w_j is 0.
        norm: r.
        wave: `cosine` or `square`.

    Reference:
        Theorem 2.
    """
    w, b, a, _ = (np.asarray(part, float) for part in weights)
    lengths = np.linalg.norm(w, axis=0)
    betas, units = np.unique(b / lengths, return_inverse=True)
    by_a, by_rest = np.array([unit_variances(len(w), norm, float(beta), wave) for beta in betas])[units].T
    return float(by_a @ lengths**2 + by_rest @ a[:, 0] ** 2)


def gradient_square(weights: Sequence[np.ndarray]) -> float:
    """Compute G^2 = E_x ||grad p(x)||^2, an upper bound on the variance for every target with values in [-1, 1].

    Let beta = b / ||w||, and let phi and Phi be the normal density and distribution function. The mean square of a
    unit's output is (||w||^2 + b^2) Phi(beta) + ||w|| b phi(beta). The mean square of x where the unit is active is d
    Phi(beta) - beta phi(beta).

    Args:
        weights: As in `gradient_variance`.
    """
    w, b, a, _ = (np.asarray(part, float) for part in weights)
    lengths = np.linalg.norm(w, axis=0)
    beta = b / lengths
    above, edge = normal.cdf(beta), normal.pdf(beta)
    outputs = (lengths**2 + b**2) * above + lengths * b * edge
    inputs = (len(w) + 1) * above - beta * edge
    return float(outputs.sum() + a[:, 0] ** 2 @ inputs + 1)


def leading_variance(weights: Sequence[np.ndarray], norm: float) -> float:
    """Compute the limit of `gradient_variance` of the cosine for large norms r and biases 0, a sum of powers of r.

    Only a v almost parallel to w_j, at an angle of about 1 / r, affects the unit's gradient. The share of such v is
    about r^-(d - 1). The leading powers for w_j and a_j are r^-(d + 1) and r^-(d + 3), together

        Gamma(d / 2) / (4 pi^(3 / 2) R^(d + 1)) ((d - 1) sum_j a_j^2 + 2 / R^2 sum_j ||w_j||^2),  R = 2 pi r.

    Args:
        weights: As in `gradient_variance`.
        norm: r.
    """
    w, _, a, _ = (np.asarray(part, float) for part in weights)
    d, frequency = len(w), 2 * np.pi * norm
    power = np.exp(gammaln(d / 2) - (d + 1) * np.log(frequency)) / (4 * np.pi**1.5)
    return float(power * ((d - 1) * (a**2).sum() + 2 / frequency**2 * (w**2).sum()))
