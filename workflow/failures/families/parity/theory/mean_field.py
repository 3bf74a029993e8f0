"""How far a signal gets through layers of infinite width (mean-field theory; NumPy only).

With weights of standard deviation sigma_w / sqrt(fan in) and biases of sigma_b, the sums of a layer are Gaussian in the
limit of infinite width. Their variance q and the correlation c of the sums of two inputs pass from layer to layer as

    q' = sigma_w^2 E[phi(u)^2] + sigma_b^2,     q' c' = sigma_w^2 E[phi(u) phi(v)] + sigma_b^2,

(u, v) being Gaussian of variance q and correlation c, to a fixed point (q*, c*). Squared norms of gradients change by
chi = sigma_w^2 E[phi'(u)^2] a layer: below 1 (ordered) they vanish and inputs become alike, c* = 1; above 1 (chaotic)
they explode and inputs that are alike part. Both happen over so many layers:

    of gradients       1 / |log chi|,
    of correlations    1 / |log chi_c|,   chi_c = sigma_w^2 E[phi'(u) phi'(v)] at c*.

Poole et al. 2016 (arXiv:1606.05340), Schoenholz et al. 2017 (arXiv:1611.01232); the latter trained networks of up to
about six times the depth scale of correlations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

# Activations whose moments are known here.
ACTIVATIONS = ("relu", "tanh")
# Nodes and weights of a standard normal. For functions as smooth as these the rule of equal distances is far more exact
# than Gauss-Hermite's with as many nodes: its error is exp(-2 pi a / distance) with a that of the nearest pole.
NODES = np.linspace(-8.0, 8.0, 81)
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()
# Variances below this are none, and correlations that lack less than this of 1 are 1.
NO_VARIANCE, ALIKE = 1e-9, 1e-6


@dataclass(frozen=True)
class FixedPoint:
    """Where variance and correlation go with depth, and how fast.

    variance: q*; NaN for ReLU, which has no other fixed point than 0 or infinity, or at one point all. correlation: c*.
    chi: factor of squared gradients a layer. gradient_scale, correlation_scale: layers; inf where it is no exponential.
    """

    variance: float
    correlation: float
    chi: float
    gradient_scale: float
    correlation_scale: float


def moments(activation: str, variance: float, correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E[phi(u) phi(v)] and E[phi'(u) phi'(v)] of Gaussians of a variance and of correlations [n], each [n].

    ReLU: arc-cosine kernels of degrees 1 and 0 (Cho and Saul 2009), exact; tanh: quadrature.
    ValueError for other activations.
    """
    rho = np.clip(np.asarray(correlations, float), -1.0, 1.0)
    if activation == "relu":
        angle = np.pi - np.arccos(rho)
        return variance * (np.sqrt(1 - rho**2) + rho * angle) / (2 * np.pi), angle / (2 * np.pi)
    if activation != "tanh":
        raise ValueError(f"activation = '{activation}': no Gaussian moments; allowed: {', '.join(ACTIVATIONS)}")
    first = np.tanh(math.sqrt(variance) * NODES)
    mixed = rho[:, None, None] * NODES[:, None] + np.sqrt(1 - rho**2)[:, None, None] * NODES
    second = np.tanh(math.sqrt(variance) * mixed)
    return (second @ WEIGHTS) @ (WEIGHTS * first), ((1 - second**2) @ WEIGHTS) @ (WEIGHTS * (1 - first**2))


def fixed_point(activation: str, spread: float, biases: float) -> FixedPoint:
    """Fixed point of layers with weights of standard deviation spread / sqrt(fan in) and biases of `biases`."""
    if activation == "relu":
        chi = spread**2 / 2
        return FixedPoint(math.nan, 1.0, chi, _scale(chi), math.inf if biases == 0 else _scale(chi))

    def gain(variance: float, correlation: float = 1.0) -> float:
        # What a layer adds to the covariance.
        return spread**2 * _single(activation, variance, correlation)[0] + biases**2 - variance * correlation

    if gain(NO_VARIANCE) <= 0:  # the layers become linear, which keeps correlations
        return FixedPoint(0.0, math.nan, spread**2, _scale(spread**2), math.inf)
    variance = brentq(gain, NO_VARIANCE, spread**2 + biases**2, xtol=1e-14)
    chi = spread**2 * _single(activation, variance)[1]
    # Inputs that are alike stay so if there is no chaos, and all others meet.
    chaotic = gain(variance, 1 - ALIKE) < 0
    correlation = brentq(lambda c: gain(variance, c), 0.0, 1 - ALIKE, xtol=1e-14) if chaotic else 1.0
    slope = spread**2 * _single(activation, variance, correlation)[1]
    return FixedPoint(variance, correlation, chi, _scale(chi), _scale(slope))


def _single(activation: str, variance: float, correlation: float = 1.0) -> tuple[float, float]:
    values, slopes = moments(activation, variance, np.array([correlation]))
    return float(values[0]), float(slopes[0])


def _scale(factor: float) -> float:
    """Layers in which a factor a layer makes a factor e; inf for 1."""
    return math.inf if factor == 1 else abs(1 / math.log(factor))
