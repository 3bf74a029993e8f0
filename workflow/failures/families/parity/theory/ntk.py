"""Neural tangent kernel (NTK) on the cube, and the gradient signal of every parity that it predicts.

The kernel Theta(x, x') = <grad p(x), grad p(x')> of a network on the inputs {-1, +1}^d determines the signals of all
parities h_v(x) = (-1)^<x, v>. With Theta(h), the mean over all pairs of inputs at Hamming distance h,

    sum over |v| = k of ||E_x[h_v(x) grad p(x)]||^2 = 2^-d sum_h C(d, h) K_k(h) Theta(h),

where K_k(h) = sum_j (-1)^j C(h, j) C(d - h, k - j) is the Krawtchouk polynomial. The sum over all k is Theta(0), the
squared gradient norm E ||grad p||^2 (Parseval). At infinite width, Theta depends only on the distance. The same sum
then gives the eigenvalues of the kernel, with the number of parities of size k as multiplicity.

The recursion over layers is that of Jacot et al., with one difference: weights are not rescaled by their fan-in. The
gradient with respect to the kernel of a layer is therefore weighted by the number of its inputs.

Reference:
    Jacot et al. 2018, "Neural tangent kernel" (arXiv:1806.07572).
"""

from __future__ import annotations

import numpy as np
from scipy.special import comb

from failures.families.parity.theory.mean_field import moments


def krawtchouk(n_features: int) -> np.ndarray:
    """Return K_k(h) for k and h from 0 to d: the sum of h_v(z) over all v of size k, for a z of size h.

    Args:
        n_features: Dimension d.

    Returns:
        A float array [k, h], of shape [d + 1, d + 1].
    """
    d = n_features
    k, h, j = np.ogrid[: d + 1, : d + 1, : d + 1]
    return ((-1.0) ** j * comb(h, j) * comb(d - h, k - j)).sum(2)


def energies(kernel: np.ndarray) -> np.ndarray:
    """Compute the sum of the squared signals of the parities of each size from the kernel.

    Args:
        kernel: Theta(h) at the distances 0 to d, [..., d + 1].

    Returns:
        The sums for the sizes 0 to d, [..., d + 1].
    """
    n_features = kernel.shape[-1] - 1
    pairs = comb(n_features, np.arange(n_features + 1)) / 2**n_features
    return (kernel * pairs) @ krawtchouk(n_features).T


def tangent_kernels(
    n_features: int, width: int, depth: int, activation: str, spread: float, biases: float
) -> np.ndarray:
    """Compute the expected NTK of fully connected networks with random weights, to leading order in 1/width.

    The values are exact at distance 0 for He's ReLU network without biases, and at all distances for one hidden layer.
    The weights of the output have a standard deviation of 1 / sqrt(width).

    Args:
        n_features: Dimension d.
        width: Units per hidden layer.
        depth: Largest number of hidden layers.
        activation: One of `mean_field.ACTIVATIONS`.
        spread: sigma_w, as in `mean_field.fixed_point`.
        biases: sigma_b, as in `mean_field.fixed_point`.

    Returns:
        Kernels for 1 to `depth` hidden layers at the distances 0 to d, [depth, d + 1].
    """
    cosine = 1 - 2 * np.arange(n_features + 1) / n_features
    # `below` is the contribution of the weights below a layer, per squared derivative of p with respect to its sums.
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
