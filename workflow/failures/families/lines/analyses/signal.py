"""Signal and noise of single-sample gradients with respect to the weights of N1's last layer (section 3.1, Figure 5).

For random samples with gradients g, the signal is ||E g||^2, the noise is E||g - E g||^2, and the SNR is their ratio.
Let F_i be the 100 inputs of N1's last layer for image i, and c_i the derivative of the sample's loss with respect to
this image's score. Then g is the sum of c_i F_i over the images of the tuple. F is computed once for all methods and
tuple lengths, in float32. Everything else is computed in float64.

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

from collections.abc import Iterator
from math import lcm
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.special import expit

from failures.families.lines.cells import PIXELS, active
from failures.families.lines.objective import CHUNK, in_parts
from failures.families.lines.problem import COLUMNS, SIZE, tuple_labels
from failures.families.lines.sparse_n1 import Matrices, collect, matrices, spread

METHODS = ("end_to_end", "decomposition", "joint")
# Samples per batch of the scripts' estimator.
BATCH = 100
# Approximate number of images per block, and interval in blocks at which the covariance is updated.
BLOCK, COVARIANCE_EVERY = 24_000, 8


class Moments:
    """Sums over the gradients of samples, from which signal and noise are estimated.

    Args:
        n_weights: Number of weights per gradient.
    """

    def __init__(self, n_weights: int):
        self.n, self.total, self.squares = 0, np.zeros(n_weights), 0.0
        self.n_batches, self.batch_squares = 0, 0.0
        self.n_products, self.products, self._added = 0, np.zeros((n_weights, n_weights)), 0

    def add(self, gradients: np.ndarray) -> None:
        """Add the gradients of samples, float64 [n, weights]."""
        self.n += len(gradients)
        self.total += gradients.sum(axis=0)
        self.squares += np.vdot(gradients, gradients)
        whole = len(gradients) // BATCH
        means = gradients[: whole * BATCH].reshape(whole, BATCH, gradients.shape[1]).mean(axis=1)
        self.n_batches, self.batch_squares = self.n_batches + whole, self.batch_squares + np.vdot(means, means)
        if self._added % COVARIANCE_EVERY == 0:
            self.n_products, self.products = self.n_products + len(gradients), self.products + gradients.T @ gradients
        self._added += 1

    def estimates(self) -> dict[str, float]:
        """Estimate signal, noise and SNR from all samples so far, of which there must be at least 100.

        The signal is the unbiased estimate (n ||mean||^2 - mean ||g||^2) / (n - 1), which may be negative. The noise is
        the unbiased sum of variances. The standard error of the SNR uses the variance of the signal as a U-statistic, 4
        m' C m / n + 2 tr(C^2) / n^2, with mean m and covariance C of the gradients. `plug_in` is the scripts' estimate
        s / (100 E||batch mean||^2 - s^2) with s = ||mean||^2, where 100 s instead of s^2 would be correct. Its
        expectation without signal is about 1 / n.

        Returns:
            `signal`, `noise`, `snr`, `standard_error` and `plug_in`.
        """
        n, mean, square = self.n, self.total / self.n, self.squares / self.n
        plug_in = np.vdot(mean, mean)
        signal, noise = (n * plug_in - square) / (n - 1), (square - plug_in) * n / (n - 1)
        covariance = self.products / self.n_products - np.outer(mean, mean)
        width = np.vdot(covariance, covariance)
        along = max(mean @ covariance @ mean - width / n, 0.0)
        error = np.sqrt(4 * along / n + 2 * width / n**2)
        scripts = plug_in / (BATCH * self.batch_squares / self.n_batches - plug_in**2)
        return {
            "signal": signal,
            "noise": noise,
            "snr": signal / noise,
            "standard_error": error / noise,
            "plug_in": scripts,
        }


class Features:
    """Inputs of N1's last layer for the images of a pool, compiled once for all weights.

    Few patches are distinct: the 16 million active cells of a pool of two million images have 34,000 distinct patches.
    Their contributions are computed once per set of weights and looked up per cell.

    Args:
        pool: Packed images, int32 [n, 29].
        tuple_lengths: Values of k; a block of images holds whole tuples of each.
    """

    def __init__(self, pool: np.ndarray, tuple_lengths: list[int]):
        self.pool = pool
        whole = lcm(*tuple_lengths)
        self.size = max(1, BLOCK // whole) * whole
        self.patches = distinct_patches(pool)
        self._spread = tf.function(lambda weights: spread(weights, _rows(self.patches)), autograph=False)
        self._compiled = tf.function(self._compute, autograph=False)

    def _compute(self, weights: Matrices, contributions: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        def part(images: tf.Tensor) -> tf.Tensor:
            cells = active(images)
            return collect(weights, contributions, cells, self._patch_indices(cells.rows))

        parts = tf.reshape(images, [-1, CHUNK, COLUMNS])
        return tf.reshape(in_parts(part, parts, tf.float32), [-1, weights.kernel_3.shape[0]])

    def _patch_indices(self, rows: tf.Tensor) -> tf.Tensor:
        """Return the indices in `patches` of patches with the given rows, int32 [cells]."""
        return tf.searchsorted(self.patches, packed(rows))

    def blocks(
        self, n1: keras.Model, n_images: int, rng: np.random.Generator
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield features and labels of random images of the pool, block by block.

        Args:
            n1: Model of `failures.families.lines.networks.n1`.
            n_images: Number of images.
            rng: Random generator of the order of the images.

        Yields:
            Features, float64 [m, 100], and labels -1 and 1, float64 [m].
        """
        weights = matrices(n1)
        contributions = self._spread(weights)
        padded = -(-self.size // CHUNK) * CHUNK
        chosen = rng.permutation(len(self.pool))[:n_images]
        for start in range(0, n_images, self.size):
            images = self.pool[chosen[start : start + self.size]]
            # Blank images pad the last block to the compiled size.
            filled = np.concatenate([images, np.zeros((padded - len(images), COLUMNS), np.int32)])
            features = self._compiled(weights, contributions, tf.constant(filled)).numpy()[: len(images)]
            yield features.astype(np.float64), images[:, SIZE].astype(np.float64)


def packed(rows: tf.Tensor) -> tf.Tensor:
    """Pack the rows of patches, int32 [cells, 8] of eight bits each, into one integer per patch, int64 [cells]."""
    shifts = tf.range(0, PIXELS, 8, dtype=tf.int64)
    return tf.reduce_sum(tf.bitwise.left_shift(tf.cast(rows, tf.int64), shifts), axis=1)


def _rows(patches: np.ndarray) -> np.ndarray:
    """Unpack patches into rows; the inverse of `packed`."""
    return (patches[:, None] >> np.arange(0, PIXELS, 8) & 255).astype(np.int32)


def distinct_patches(images: np.ndarray) -> np.ndarray:
    """Return the distinct patches of the active cells of images.

    Args:
        images: Packed images, int32 [n, 29].

    Returns:
        Packed patches, int64, ascending.
    """
    pack = tf.function(lambda images: packed(active(images).rows), autograph=False)
    blocks = (images[start : start + BLOCK] for start in range(0, len(images), BLOCK))
    return np.unique(np.concatenate([np.unique(pack(tf.constant(block)).numpy()) for block in blocks]))


def measure(
    features: Features,
    n1: keras.Model,
    n2: dict[int, keras.Model],
    n_tuples: int,
    conventions: str,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Estimate signal and noise of a network's gradients per tuple length and method.

    Networks that are compared need different random orders; with the same tuples, their errors would not average out.

    Args:
        features: Features of the images of the pool.
        n1: Model of `failures.families.lines.networks.n1`.
        n2: Models of `failures.families.lines.networks.n2` by tuple length.
        n_tuples: Tuples per estimate.
        conventions: `scripts` or `text`.
        rng: Random generator of the order of the images.

    Returns:
        Rows with `tuple_length`, `method`, `n_tuples` and the values of `Moments.estimates`.
    """
    kernel, bias = (weight.astype(np.float64) for weight in n1.get_layer("score").get_weights())
    moments = {(length, method): Moments(len(kernel)) for length in n2 for method in METHODS}
    weights = {length: [weight.astype(np.float64) for weight in model.get_weights()] for length, model in n2.items()}
    done = 0
    for block, labels in features.blocks(n1, n_tuples * max(n2), rng):
        scores = (block @ kernel + bias)[:, 0]
        for length in n2:
            n = min(len(labels), n_tuples * length - done)
            if n > 0:
                shape = (n // length, length)
                single, joint = scores[:n].reshape(shape), labels[:n].reshape(shape)
                for method, parts in derivatives(single, joint, weights[length], conventions).items():
                    inputs = block[:n].reshape(*shape, -1)[:, : parts.shape[1]]
                    moments[length, method].add(np.einsum("nk,nkf->nf", parts, inputs))
        done += len(labels)
    return [
        {"tuple_length": length, "method": method, "n_tuples": n_tuples, **sums.estimates()}
        for (length, method), sums in moments.items()
    ]


def derivatives(
    scores: np.ndarray, labels: np.ndarray, n2: list[np.ndarray], conventions: str
) -> dict[str, np.ndarray]:
    """Compute the derivatives of each tuple's loss with respect to the scores of its images.

    Args:
        scores: Scores of the images, [n, k].
        labels: Labels -1 and 1 of the images, [n, k].
        n2: Kernels and biases of N2.
        conventions: `scripts` or `text`.

    Returns:
        Derivatives by method, float64 [n, k]; [n, 1] for `decomposition`, the derivative for the first image.
    """
    single = np.where(labels * scores < 1, -labels, 0.0)
    kernel, bias, output, output_bias = n2
    squashed = expit(scores)
    hidden = squashed @ kernel + bias
    joint = tuple_labels(labels, conventions)
    outputs = (np.maximum(hidden, 0) @ output + output_bias)[:, 0]
    outer = np.where(joint * outputs < 1, -joint, 0.0)
    through = ((hidden > 0) * output[:, 0]) @ kernel.T * outer[:, None] * squashed * (1 - squashed)
    joint_loss = through + single / labels.shape[1]
    return dict(zip(METHODS, (through, single[:, :1], joint_loss), strict=True))
