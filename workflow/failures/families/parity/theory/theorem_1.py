"""Theorem 1, exactly: how the gradient varies over all 2^d parity targets (NumPy only).

The part of a loss's gradient that depends on the target h is E_x[h(x) g(x)] (up to its sign) with

    square loss (p - h)^2 / 2:     g = grad p
    losses r(h p), as the hinge:   g = (r'(p) + r'(-p)) / 2 * grad p

(A.1 of the paper loses a factor h in the chain rule of the second kind; the result stands.) For the
parities h_v, these vectors are the Walsh-Hadamard transform of g. With Parseval's identity,

    Var = 2^-d E ||g||^2 - 4^-d ||g(x0)||^2,

x0 being the input on which every parity is +1. The theorem's bound is 2^-d E ||grad p||^2.
Inputs are numbered by their bits: bit j of i is bit j of input i, and likewise of the target v.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import hadamard
from scipy.special import expit


def target_weight(loss: str, scores: np.ndarray) -> np.ndarray:
    """Factor that makes g from grad p, at scores p of any shape, for the losses of `failures.engine.losses`.

    Its sign is that of E[h g] in the loss's gradient. At |p| = 1 the hinge's slope is taken as 0.
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
    """E_x[h_v(x) values(x)] for all parities v at once; values [2^d, n], returns [2^d, n]."""
    size, n_columns = values.shape
    result, inner = values / size, size
    # The matrix of the transform is the Kronecker product of small ones. Matrix products with those of
    # four bits are faster than larger ones, which do more work, and than passes over single bits.
    while inner > 1:
        factor = min(16, inner)
        inner //= factor
        result = hadamard(factor, float) @ result.reshape(-1, factor, inner * n_columns)
    return result.reshape(size, n_columns)


def subset_sizes(n_features: int) -> np.ndarray:
    """|v| of every parity v, int [2^d]."""
    return np.bitwise_count(np.arange(2**n_features, dtype=np.uint64)).astype(int)


def variance(mean_squared_norm: float, squared_norm_at_zero: float, n_features: int) -> float:
    """Var over all 2^d parities of the gradient of the loss, from E_x ||g(x)||^2 and ||g(x0)||^2.

    x0 is input 0, whose bits are all 0.
    """
    return mean_squared_norm / 2**n_features - squared_norm_at_zero / 4**n_features


def realizing_network(target: np.ndarray, encoding: str) -> tuple[np.ndarray, ...]:
    """Weights of a ReLU network of width d that computes the parity of v exactly (after Lemma 3).

    With s = <x, v>, (-1)^s = 1 - 2 s_+ + 4 sum_{j=1}^{d-1} (-1)^(j+1) (s - j)_+ at the integers 0..d.
    target: v [d]. Returns kernel [d, d], bias [d], output kernel [d, 1] and output bias [1], as
    `set_weights` of a network with one hidden layer takes them.
    """
    n_features = len(target)
    kernel, offset = _counting(target, encoding)
    shifts = np.arange(n_features)
    slopes = np.where(shifts == 0, -2.0, 4.0 * (-1.0) ** (shifts + 1))
    return np.tile(kernel[:, None], n_features), offset - shifts, slopes[:, None], np.ones(1)


def realizing_network_of_lemma_3(target: np.ndarray, encoding: str) -> tuple[np.ndarray, ...]:
    """Weights of the network of Lemma 3, of width 3 (floor(d/2) + 1), as `realizing_network` returns them.

    Three units make a tent of height 2 over every even number: 4 ((s - 2i + 1/2)_+ - 2 (s - 2i)_+ +
    (s - 2i - 1/2)_+). The paper's sum starts at i = 1 and so misses <x, v> = 0; ours starts at 0.
    """
    kernel, offset = _counting(target, encoding)
    evens = 2.0 * np.arange(len(target) // 2 + 1)
    bias = offset - (evens[:, None] + [-0.5, 0.0, 0.5]).ravel()
    slopes = np.tile([4.0, -8.0, 4.0], len(evens))
    return np.tile(kernel[:, None], len(bias)), bias, slopes[:, None], -np.ones(1)


def _counting(target: np.ndarray, encoding: str) -> tuple[np.ndarray, float]:
    """Weights [d] and bias that make <x, v>, the number of common bits, of an encoded input."""
    target = target.astype(float)
    # A signed input is 1 - 2 bit.
    return (-target / 2, target.sum() / 2) if encoding == "signed" else (target, 0.0)
