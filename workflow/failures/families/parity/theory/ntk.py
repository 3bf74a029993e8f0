"""The neural tangent kernel on the cube, and what it says of the signal of every parity (NumPy only).

The tangent kernel Theta(x, x') = <grad p(x), grad p(x')> of a network on the inputs {-1, +1}^d decides the signals of
all parities: with h_v(x) = (-1)^<x, v>, and Theta(h) the mean over all pairs of inputs at Hamming distance h,

    sum over |v| = k of ||E_x[h_v(x) grad p(x)]||^2 = 2^-d sum_h C(d, h) K_k(h) Theta(h),

K_k being the Krawtchouk polynomial, K_k(h) = sum_j (-1)^j C(h, j) C(d - h, k - j). The sum over all k is Theta(0), the
budget E ||grad p||^2 (Parseval). For a network of infinite width Theta depends on the distance alone, and the same sum
gives the kernel's eigenvalues, each as often as there are parities of its size. Its recursion over layers is that of
Jacot et al. 2018 (arXiv:1806.07572), with weights that are not rescaled by their fan in, so that the gradient by a
layer's kernel counts with its number of inputs.
"""

from __future__ import annotations

import numpy as np
from scipy.special import comb

from failures.families.parity.theory.mean_field import moments


def krawtchouk(n_features: int) -> np.ndarray:
    """K_k(h), [k, h] for k and h from 0 to d: sum of h_v(z) over the v of size k, for a z of size h."""
    d = n_features
    k, h, j = np.ogrid[: d + 1, : d + 1, : d + 1]
    return ((-1.0) ** j * comb(h, j) * comb(d - h, k - j)).sum(2)


def energies(kernel: np.ndarray) -> np.ndarray:
    """Sum of the squared signals of the parities of each size 0..d, from the kernel at distances 0..d; [..., d + 1]."""
    n_features = kernel.shape[-1] - 1
    pairs = comb(n_features, np.arange(n_features + 1)) / 2**n_features
    return (kernel * pairs) @ krawtchouk(n_features).T


def tangent_kernels(
    n_features: int, width: int, depth: int, activation: str, spread: float, biases: float
) -> np.ndarray:
    """Tangent kernels of fully connected networks of 1..depth hidden layers, [depth, d + 1], by distance 0..d.

    Expected at random weights to leading order in 1/width: of He's ReLU network without biases exactly at distance 0,
    and of one hidden layer at all distances. width: of the hidden layers. activation, spread, biases: as of
    `propagation.fixed_point`; the output's weights have a standard deviation of 1 / sqrt(width).
    """
    cosine = 1 - 2 * np.arange(n_features + 1) / n_features
    # What grad p by the weights so far adds up to, per squared derivative of p by the layer's sums.
    inputs, covariance = n_features * cosine + 1, spread**2 * cosine + biases**2
    kernels, below = [], 0.0
    for _ in range(depth):
        values, slopes = moments(activation, covariance[0], covariance / covariance[0])
        below = inputs + below
        outputs = width * values + 1
        kernels.append(outputs + slopes * below)
        inputs, below = outputs, spread**2 * slopes * below
        covariance = spread**2 * values + biases**2
    return np.array(kernels)
