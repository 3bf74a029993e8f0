"""Theorem 1, exactly: the variance of the gradient over all 2^d parity targets (section 2, appendix A.1).

The part of a loss's gradient that depends on the target h is, up to its sign, E_x[h(x) g(x)] with

    square loss (p - h)^2 / 2:     g = grad p
    losses r(h p), as the hinge:   g = (r'(p) + r'(-p)) / 2 * grad p

Appendix A.1 of the paper omits a factor h in the chain rule of the second kind; the result is unaffected. For the
parities h_v, these vectors are the Walsh-Hadamard transform of g. With Parseval's identity,

    Var = 2^-d E ||g||^2 - 4^-d ||g(x0)||^2,

where x0 is the input on which every parity is +1. The bound of the theorem is 2^-d E ||grad p||^2. Inputs and targets
are indexed by their bits: bit j of the index i is bit j of input i.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import hadamard
from scipy.special import expit


def target_weight(loss: str, scores: np.ndarray) -> np.ndarray:
    """Compute the factor between grad p and g, including the sign of E[h g] in the gradient of the loss.

    At |p| = 1, the slope of the hinge loss is taken as 0.

    Args:
        loss: Key of `failures.engine.losses.BY_NAME`.
        scores: Scores p of any shape.

    Returns:
        A float array of the shape of `scores`.

    Raises:
        ValueError: The loss is unknown.
    """
    match loss:
        case "square":
            return -np.ones_like(scores)
        case "logistic":
            return -(expit(-scores) + expit(scores)) / 2
        case "hinge":
            return -((scores < 1).astype(float) + (scores > -1)) / 2
    raise ValueError(f"loss = {loss!r}: unknown loss; allowed: 'square', 'logistic', 'hinge'")


def walsh_hadamard(values: np.ndarray) -> np.ndarray:
    """Compute E_x[h_v(x) values(x)] for all parities v at once.

    Args:
        values: One row per input of the cube, [2^d, n].

    Returns:
        One row per parity, [2^d, n].
    """
    size, n_columns = values.shape
    result, inner = values / size, size
    # The transform is a Kronecker product of small matrices. Matrices of four bits are fastest: larger ones take more
    # operations, and single bits take more passes over the data.
    while inner > 1:
        factor = min(16, inner)
        inner //= factor
        result = hadamard(factor, float) @ result.reshape(-1, factor, inner * n_columns)
    return result.reshape(size, n_columns)


def subset_sizes(n_features: int) -> np.ndarray:
    """Return |v| of every parity v, an int array [2^d].

    Args:
        n_features: Dimension d.
    """
    return np.bitwise_count(np.arange(2**n_features, dtype=np.uint64)).astype(int)


def variance(mean_squared_norm: float, squared_norm_at_zero: float, n_features: int) -> float:
    """Return the variance of the gradient over all 2^d parities.

    Args:
        mean_squared_norm: E_x ||g(x)||^2.
        squared_norm_at_zero: ||g(x0)||^2 at input 0, whose bits are all 0.
        n_features: Dimension d.

    Reference:
        Theorem 1, with equality in place of its bound.
    """
    return mean_squared_norm / 2**n_features - squared_norm_at_zero / 4**n_features


def realizing_network(target: np.ndarray, encoding: str) -> tuple[np.ndarray, ...]:
    """Return the weights of a ReLU network of width d that computes the parity of v exactly.

    With s = <x, v>, (-1)^s = 1 - 2 s_+ + 4 sum_{j=1}^{d-1} (-1)^(j+1) (s - j)_+ at the integers 0 to d.

    Args:
        target: v, 0/1, [d].
        encoding: ``"binary"`` or ``"signed"``.

    Returns:
        Kernel [d, d], bias [d], output kernel [d, 1] and output bias [1], in the order of `set_weights` of a network
        with one hidden layer.

    Reference:
        Lemma 3, which requires three times this width.
    """
    n_features = len(target)
    kernel, offset = _counting(target, encoding)
    shifts = np.arange(n_features)
    slopes = np.where(shifts == 0, -2.0, 4.0 * (-1.0) ** (shifts + 1))
    return np.tile(kernel[:, None], n_features), offset - shifts, slopes[:, None], np.ones(1)


def realizing_network_of_lemma_3(target: np.ndarray, encoding: str) -> tuple[np.ndarray, ...]:
    """Return the weights of the network of Lemma 3, of width 3 (floor(d/2) + 1).

    Three units form a tent of height 2 over every even number: 4 ((s - 2i + 1/2)_+ - 2 (s - 2i)_+ + (s - 2i - 1/2)_+).
    The sum of the paper starts at i = 1 and misses <x, v> = 0; this one starts at 0.

    Args:
        target: v, 0/1, [d].
        encoding: ``"binary"`` or ``"signed"``.

    Returns:
        Weights in the order of `realizing_network`.

    Reference:
        Lemma 3.
    """
    kernel, offset = _counting(target, encoding)
    evens = 2.0 * np.arange(len(target) // 2 + 1)
    bias = offset - (evens[:, None] + [-0.5, 0.0, 0.5]).ravel()
    slopes = np.tile([4.0, -8.0, 4.0], len(evens))
    return np.tile(kernel[:, None], len(bias)), bias, slopes[:, None], -np.ones(1)


def _counting(target: np.ndarray, encoding: str) -> tuple[np.ndarray, float]:
    """Return weights [d] and bias that compute <x, v> from an encoded input."""
    target = target.astype(float)
    # A signed input is 1 - 2 * bit.
    return (-target / 2, target.sum() / 2) if encoding == "signed" else (target, 0.0)
