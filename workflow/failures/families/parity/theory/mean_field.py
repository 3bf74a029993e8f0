"""Mean-field theory of layers of infinite width: how variances, correlations and gradients change with depth.

With weights of standard deviation sigma_w / sqrt(fan in) and biases of standard deviation sigma_b, the weighted sums of
a layer are Gaussian in the limit of infinite width. Their variance q and the correlation c of the sums for two inputs
change from layer to layer as

    q' = sigma_w^2 E[phi(u)^2] + sigma_b^2,     q' c' = sigma_w^2 E[phi(u) phi(v)] + sigma_b^2,

where (u, v) are Gaussian with variance q and correlation c. They converge to a fixed point (q*, c*). Per layer, squared
gradient norms change by the factor chi = sigma_w^2 E[phi'(u)^2]. If chi < 1 (ordered phase), gradients vanish and all
inputs become alike, c* = 1. If chi > 1 (chaotic phase), gradients explode and similar inputs diverge. The depth scales,
in layers, are

    of gradients       1 / |log chi|,
    of correlations    1 / |log chi_c|,   chi_c = sigma_w^2 E[phi'(u) phi'(v)] at c*.

Schoenholz et al. could train networks of up to about six times the depth scale of correlations.

References:
    Poole et al. 2016 (arXiv:1606.05340), Schoenholz et al. 2017 (arXiv:1611.01232).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

# Activations for which `moments` is defined.
ACTIVATIONS = ("relu", "tanh")
# Nodes and weights for a standard normal. For smooth functions, the trapezoidal rule is much more accurate than
# Gauss-Hermite quadrature with the same number of nodes. Its error is exp(-2 pi a / step), where a is the distance of
# the nearest pole.
NODES = np.linspace(-8.0, 8.0, 81)
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()
# Variances below NO_VARIANCE count as 0, and correlations above 1 - ALIKE as 1.
NO_VARIANCE, ALIKE = 1e-9, 1e-6


@dataclass(frozen=True)
class FixedPoint:
    """Limits of variance and correlation with depth, and depth scales.

    Attributes:
        variance: q*; NaN for ReLU, for which variances vanish, explode or are all fixed points.
        correlation: c*.
        chi: Factor of squared gradient norms per layer.
        gradient_scale: Depth scale of gradients, in layers; inf if the change is not exponential.
        correlation_scale: Depth scale of correlations, in layers; inf if the change is not exponential.
    """

    variance: float
    correlation: float
    chi: float
    gradient_scale: float
    correlation_scale: float


def moments(activation: str, variance: float, correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute E[phi(u) phi(v)] and E[phi'(u) phi'(v)] of correlated Gaussians.

    The moments of ReLU are the arc-cosine kernels of degrees 1 and 0, which are exact. Those of tanh are computed by
    quadrature.

    Args:
        activation: One of ACTIVATIONS.
        variance: Variance of u and v.
        correlations: Correlations of u and v, [n].

    Returns:
        Both expectations, each [n].

    Raises:
        ValueError: The activation is not one of ACTIVATIONS.

    Reference:
        Cho and Saul 2009, "Kernel methods for deep learning".
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
    """Compute the fixed point and the depth scales of identical layers.

    Args:
        activation: One of ACTIVATIONS.
        spread: sigma_w; weights have standard deviation sigma_w / sqrt(fan in).
        biases: sigma_b, the standard deviation of the biases.
    """
    if activation == "relu":
        chi = spread**2 / 2
        return FixedPoint(math.nan, 1.0, chi, _scale(chi), math.inf if biases == 0 else _scale(chi))

    def gain(variance: float, correlation: float = 1.0) -> float:
        # Change of the covariance per layer.
        return spread**2 * _single(activation, variance, correlation)[0] + biases**2 - variance * correlation

    if gain(NO_VARIANCE) <= 0:  # the layers become linear and preserve correlations
        return FixedPoint(0.0, math.nan, spread**2, _scale(spread**2), math.inf)
    variance = brentq(gain, NO_VARIANCE, spread**2 + biases**2, xtol=1e-14)
    chi = spread**2 * _single(activation, variance)[1]
    # Without chaos, the correlation of any two inputs converges to 1.
    chaotic = gain(variance, 1 - ALIKE) < 0
    correlation = brentq(lambda c: gain(variance, c), 0.0, 1 - ALIKE, xtol=1e-14) if chaotic else 1.0
    slope = spread**2 * _single(activation, variance, correlation)[1]
    return FixedPoint(variance, correlation, chi, _scale(chi), _scale(slope))


def _single(activation: str, variance: float, correlation: float = 1.0) -> tuple[float, float]:
    """Return the moments at one correlation."""
    values, slopes = moments(activation, variance, np.array([correlation]))
    return float(values[0]), float(slopes[0])


def _scale(factor: float) -> float:
    """Return the number of layers over which a factor per layer amounts to e; inf for the factor 1."""
    return math.inf if factor == 1 else abs(1 / math.log(factor))
