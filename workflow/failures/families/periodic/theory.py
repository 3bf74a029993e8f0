"""Exact variance of the gradient over the direction of v, for one hidden layer of ReLU (section 2, Theorem 2).

The network is p(x) = sum_j a_j relu(<w_j, x> + b_j) + c on standard normal x in R^d, the loss 1/2 (p - y)^2 with
y = psi(<v, x>), and v is uniform on the sphere of radius r. Only g(v) = E_x[psi(<v, x>) grad p(x)] depends on v.

For one unit let s = <w, x> / ||w||, beta = b / ||w|| and rho the cosine of the angle between v and w, so that
gamma = 2 pi r rho is the wave's frequency along w and delta = 2 pi r sqrt(1 - rho^2) that across. For any phi
E_x[exp(2 pi i <v, x>) phi(s)] = exp(-delta^2 / 2) E_s[phi(s) exp(i gamma s)], and with
J_k = E_s[s^k 1{s > -beta} exp(i gamma s)] the gradient of the wave cos(2 pi u) is, each times exp(-delta^2 / 2),

    by a_j: ||w|| Re(J_1 + beta J_0)        by w_j along w_j: a_j Re J_1
    by b_j: a_j Re J_0                      by w_j along the rest of v: -a_j delta Im J_0

and that by c is constant. The last has a random sign, so its mean over v is 0. Over v, rho = cos(theta) has a density
proportional to sin(theta)^(d - 2): one-dimensional integrals remain. Other waves are sums of harmonics at norms m r.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.special import gammaln, wofz
from scipy.stats import norm as normal

from failures.families.periodic.problem import harmonics

# Gauss-Legendre nodes of a panel; panels are as long as the integrand's finest scale.
NODES = 12
# From this |z| on the asymptotic series of q(z) is exact to double precision; below it cancels by less than 200.
FAR = 8.0
# From this delta on exp(-delta^2 / 2) is 0 in double precision.
VANISHED = 39.0


def truncated_waves(gamma: np.ndarray, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """J_0 and J_1 = E[s^k 1{s > -beta} exp(i gamma s)] for a standard normal s, complex, of the shape of gamma.

    Accurate relative to their size for every gamma >= 0. With Faddeeva's w(z), z = (gamma - i beta) / sqrt(2),
    J_0 = exp(-beta^2 / 2 - i beta gamma) w(z) / 2, where beta <= 0 keeps z in the upper half plane; for beta > 0
    the part below -beta is taken from the whole line.
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
    """1 + i sqrt(pi) z w(z), which falls as -1 / (2 z^2), without its cancellation at large |z|."""
    is_far = abs(z) > FAR
    far, near = np.where(is_far, z, FAR), np.where(is_far, 0, z)
    series, term = 0, 1
    for k in range(1, 40, 2):
        term = term * k / (2 * far**2)
        series = series - term
    return np.where(is_far, series, 1 + 1j * np.sqrt(np.pi) * near * wofz(near))


def angles(norm: float, largest: float, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes theta in (0, pi / 2) and weights that average over both hemispheres of the sphere, each [n].

    norm: r of the wave; largest: r of its highest harmonic. Near theta = 0 panels double from the scale of the highest
    harmonic; then they are as long as the finer of the scales of wave and sphere.
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
    """Expected gradients E_x[psi grad] of a unit with ||w|| = a = 1 and bias beta, at angles theta between v and w.

    Returns [4, n]: by a, by b, by w along w, by w along the rest of v.
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
    """Variances over v of a unit's gradient by a (for ||w|| = 1) and by b and w together (for a = 1).

    n_features: d >= 2. Deviations are squared, never the difference of squares taken, so that the smallest
    variances keep their relative accuracy. All parts are even or odd in cos(theta): half of the angles suffice.
    """
    theta, weights = angles(norm, norm * harmonics(wave)[0][-1], n_features)
    by_a, by_b, along, across = unit_gradients(theta, norm, beta, wave)
    spread = [weights @ (part - weights @ part) ** 2 for part in (by_a, by_b, along)]
    return float(spread[0]), float(spread[1] + spread[2] + weights @ across**2)


def gradient_variance(weights: Sequence[np.ndarray], norm: float, wave: str) -> float:
    """Variance over v, of length `norm`, of the expected gradient of a network, summed over its parameters.

    weights: w [d, n], b [n], a [n, 1] and c [1], as Keras gives them; no w_j is 0.
    """
    w, b, a, _ = (np.asarray(part, float) for part in weights)
    lengths = np.linalg.norm(w, axis=0)
    betas, units = np.unique(b / lengths, return_inverse=True)
    by_a, by_rest = np.array([unit_variances(len(w), norm, float(beta), wave) for beta in betas])[units].T
    return float(by_a @ lengths**2 + by_rest @ a[:, 0] ** 2)


def gradient_square(weights: Sequence[np.ndarray]) -> float:
    """G^2 = E_x ||grad p(x)||^2 of a network, which bounds the variance of every target of size 1.

    weights: as in `gradient_variance`. With beta = b / ||w|| and the normal density phi and distribution Phi, a
    unit's output has the mean square (||w||^2 + b^2) Phi(beta) + ||w|| b phi(beta), and x on its side of the kink
    the mean square d Phi(beta) - beta phi(beta).
    """
    w, b, a, _ = (np.asarray(part, float) for part in weights)
    lengths = np.linalg.norm(w, axis=0)
    beta = b / lengths
    above, edge = normal.cdf(beta), normal.pdf(beta)
    outputs = (lengths**2 + b**2) * above + lengths * b * edge
    inputs = (len(w) + 1) * above - beta * edge
    return float(outputs.sum() + a[:, 0] ** 2 @ inputs + 1)


def leading_variance(weights: Sequence[np.ndarray], norm: float) -> float:
    """What `gradient_variance` of the cosine tends to for large norms r at biases 0: powers of r alone.

    Only a v almost parallel to w_j, at an angle of about 1 / r, moves the unit's gradient; such v have a share of
    about r^-(d - 1). The leading powers for w_j and a_j are r^-(d + 1) and r^-(d + 3), together

        Gamma(d / 2) / (4 pi^(3 / 2) R^(d + 1)) ((d - 1) sum_j a_j^2 + 2 / R^2 sum_j ||w_j||^2),  R = 2 pi r.
    """
    w, _, a, _ = (np.asarray(part, float) for part in weights)
    d, frequency = len(w), 2 * np.pi * norm
    power = np.exp(gammaln(d / 2) - (d + 1) * np.log(frequency)) / (4 * np.pi**1.5)
    return float(power * ((d - 1) * (a**2).sum() + 2 / frequency**2 * (w**2).sum()))
