"""Signal and noise of single-sample gradients with respect to the weights of N1's last layer (section 3.1, Figure 5).

For random samples with gradients g, the signal is ||E g||^2, the noise is E||g - E g||^2, and the SNR is their ratio.
Let F_i be the 100 inputs of N1's last layer for image i, and c_i the derivative of the sample's loss with respect to
this image's score. Then g is the sum of c_i F_i over the images of the tuple. F is computed once for all methods and
tuple lengths, in float32. Everything else is computed in float64. Sums of gradients and of their squared norms follow
from the coefficients c_i and the products F_i . F_j, without the gradients of single samples.

Columns of gradients/lines/fig5/seeds_BLOCK.csv, gradients/lines/snr_depth.csv,
gradients/lines/snr_training/NETWORKS.csv:
    seed: seed of the initial weights, or of the replicate (`snr_training`)
    problem, learner: names in the configuration (`snr_training`)
    updates: number of updates of the network (`snr_training`)
    blocks: number of residual blocks in N1 (`snr_depth`)
    tuple_length
    method: loss per sample, as listed below
    n_tuples: number of samples (tuples)
    signal: ||E g||², unbiased estimate; may be negative
    noise: E||g - E g||²
    snr: `signal` / `noise`
    standard_error: standard error of `snr`, from the samples
    plug_in: biased estimate of the SNR, as computed in the scripts

g is the gradient of the loss of one sample with respect to the 100 weights of N1's last layer.

Losses:
    end_to_end: hinge loss of the tuple's label
    decomposition: hinge loss of the label of the first image, as in the scripts' estimate
    joint: hinge loss of the tuple's label plus the mean hinge loss of the images' labels. The learner `decomposition`
        is trained with this loss
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations_with_replacement
from math import lcm
from typing import Any

import keras
import numpy as np
from scipy.special import expit

from failures.families.lines.analyses.features import Features
from failures.families.lines.problem import tuple_labels

METHODS = ("end_to_end", "decomposition", "joint")
# Samples per batch of the scripts' estimator.
BATCH = 100
# Approximate number of images per block; a block fits into the processor's cache.
BLOCK = 2400
# The covariance is that of the gradients of the first images of each run of `PERIOD` images.
COVARIANCE, PERIOD = 24_000, 192_000


class Moments:
    """Sums over the gradients of samples by method, from which signal and noise are estimated.

    Args:
        n_weights: Number of weights per gradient.
    """

    def __init__(self, n_weights: int):
        n = len(METHODS)
        self.n, self.totals, self.squares = 0, np.zeros((n, n_weights)), np.zeros(n)
        self.n_batches, self.batch_squares = 0, np.zeros(n)
        self.n_products, self.products = 0, np.zeros((n, n_weights, n_weights))

    def add(self, parts: np.ndarray, inputs: np.ndarray, covariance: bool = True) -> None:
        """Add samples, whose gradients are sums of inputs times derivatives.

        Args:
            parts: Derivatives with respect to the scores of the images, float64 [methods, n, k].
            inputs: Inputs of N1's last layer for the images, float64 [n, k, weights].
            covariance: Whether the samples contribute to the covariance.
        """
        n, length, n_weights = inputs.shape
        whole = n // BATCH * BATCH
        batches = parts[:, :whole].reshape(len(parts), -1, BATCH * length).transpose(1, 0, 2)
        sums = batches @ inputs[:whole].reshape(-1, BATCH * length, n_weights)
        rest = parts[:, whole:].reshape(len(parts), -1) @ inputs[whole:].reshape(-1, n_weights)
        self.n, self.totals = self.n + n, self.totals + sums.sum(axis=0) + rest
        self.n_batches, self.batch_squares = self.n_batches + len(sums), self.batch_squares + _norms(sums) / BATCH**2
        for one, other in combinations_with_replacement(range(length), 2):
            products = np.einsum("nf,nf->n", inputs[:, one], inputs[:, other])
            self.squares += (1 if one == other else 2) * (parts[:, :, one] * parts[:, :, other]) @ products
        if covariance:
            gradients = np.einsum("mnk,nkf->mnf", parts, inputs)
            self.n_products, self.products = self.n_products + n, self.products + gradients.mT @ gradients

    def estimates(self) -> list[dict[str, float]]:
        """Estimate signal, noise and SNR from all samples so far, of which there must be at least 100.

        The signal is the unbiased estimate (n ||mean||^2 - mean ||g||^2) / (n - 1), which may be negative. The noise is
        the unbiased sum of variances. The standard error of the SNR uses the variance of the signal as a U-statistic, 4
        m' C m / n + 2 tr(C^2) / n^2, with mean m and covariance C of the gradients. `plug_in` is the scripts' estimate
        s / (100 E||batch mean||^2 - s^2) with s = ||mean||^2, where 100 s instead of s^2 would be correct. Its
        expectation without signal is about 1 / n.

        Returns:
            `signal`, `noise`, `snr`, `standard_error` and `plug_in` per method, in the order of `METHODS`.
        """
        rows = []
        for index in range(len(METHODS)):
            n, mean, square = self.n, self.totals[index] / self.n, self.squares[index] / self.n
            plug_in = np.vdot(mean, mean)
            signal, noise = (n * plug_in - square) / (n - 1), (square - plug_in) * n / (n - 1)
            covariance = self.products[index] / self.n_products - np.outer(mean, mean)
            width = np.vdot(covariance, covariance)
            along = max(mean @ covariance @ mean - width / n, 0.0)
            error = np.sqrt(4 * along / n + 2 * width / n**2)
            scripts = plug_in / (BATCH * self.batch_squares[index] / self.n_batches - plug_in**2)
            estimates = {"signal": signal, "noise": noise, "snr": signal / noise, "standard_error": error / noise}
            rows.append({**estimates, "plug_in": scripts})
        return rows


def _norms(sums: np.ndarray) -> np.ndarray:
    """Sum the squared norms of vectors [n, methods, weights] by method."""
    return np.einsum("nmf,nmf->m", sums, sums)


def draw_order(n_images: int, n_tuples: int, tuple_lengths: Iterable[int], rng: np.random.Generator) -> np.ndarray:
    """Draw the images of a pool whose tuples a network is measured on.

    Args:
        n_images: Images in the pool.
        n_tuples: Tuples per estimate.
        tuple_lengths: Values of k.
        rng: Random generator.

    Returns:
        Indices in the pool, [n_tuples * largest k], without repetition.
    """
    return rng.permutation(n_images)[: n_tuples * max(tuple_lengths)]


def measure(
    features: Features,
    n1: keras.Model,
    n2: dict[int, keras.Model],
    n_tuples: int,
    conventions: str,
    order: np.ndarray,
) -> list[dict[str, Any]]:
    """Estimate signal and noise of a network's gradients per tuple length and method.

    Networks that are compared need different random orders; with the same tuples, their errors would not average out.

    Args:
        features: Features of the images of the pool.
        n1: Model of `failures.families.lines.networks.n1`.
        n2: Models of `failures.families.lines.networks.n2` by tuple length.
        n_tuples: Tuples per estimate.
        conventions: `scripts` or `text`.
        order: Indices in the pool of the images, one tuple of the largest length after the other (`draw_order`).
            Shorter tuples are read from the same images.

    Returns:
        Rows with `tuple_length`, `method`, `n_tuples` and the values of `Moments.estimates`.
    """
    kernel, bias = (weight.astype(np.float64) for weight in n1.get_layer("score").get_weights())
    weights = {length: [weight.astype(np.float64) for weight in model.get_weights()] for length, model in n2.items()}
    moments = {length: Moments(len(kernel)) for length in n2}
    # A block holds whole tuples of every length.
    whole, done = lcm(*n2), 0
    for block, labels in features.blocks(n1, order, max(1, BLOCK // whole) * whole):
        inputs, labels = block.astype(np.float64), labels.astype(np.float64)
        scores = (inputs @ kernel + bias)[:, 0]
        for length, sums in moments.items():
            n = min(len(labels), n_tuples * length - done)
            if n > 0:
                shape = (n // length, length)
                single, joint = scores[:n].reshape(shape), labels[:n].reshape(shape)
                parts = derivatives(single, joint, weights[length], conventions)
                sums.add(parts, inputs[:n].reshape(*shape, -1), covariance=done % PERIOD < COVARIANCE)
        done += len(labels)
    return [
        {"tuple_length": length, "method": method, "n_tuples": n_tuples, **estimates}
        for length, sums in moments.items()
        for method, estimates in zip(METHODS, sums.estimates(), strict=True)
    ]


def derivatives(scores: np.ndarray, labels: np.ndarray, n2: list[np.ndarray], conventions: str) -> np.ndarray:
    """Compute the derivatives of each tuple's loss with respect to the scores of its images.

    Args:
        scores: Scores of the images, [n, k].
        labels: Labels -1 and 1 of the images, [n, k].
        n2: Kernels and biases of N2.
        conventions: `scripts` or `text`.

    Returns:
        Derivatives by method, float64 [methods, n, k].
    """
    single = np.where(labels * scores < 1, -labels, 0.0)
    first = single * (np.arange(labels.shape[1]) == 0)
    kernel, bias, output, output_bias = n2
    squashed = expit(scores)
    hidden = squashed @ kernel
    hidden += bias
    np.maximum(hidden, 0, out=hidden)
    joint = tuple_labels(labels, conventions)
    outputs = (hidden @ output + output_bias)[:, 0]
    outer = np.where(joint * outputs < 1, -joint, 0.0)
    through = np.sign(hidden, out=hidden) @ (output * kernel.T) * outer[:, None] * squashed * (1 - squashed)
    return np.stack([through, first, through + single / labels.shape[1]])
