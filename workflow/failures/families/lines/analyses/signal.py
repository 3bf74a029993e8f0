"""Signal and noise of single samples' gradients by the weights of N1's last layer (section 3.1, Figure 5).

For random samples with gradients g, the signal is ||E g||^2, the noise E||g - E g||^2 and the SNR their quotient. With
F_i the 100 inputs of N1's last layer for image i, and c_i the derivative of the sample's loss by that image's score,
g is the sum of c_i F_i over the images of the tuple. F is computed once, in float32, for all methods and lengths of
tuples; all else in float64.

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

from failures.families.lines.objective import CHUNK, in_parts
from failures.families.lines.problem import COLUMNS, SIZE, tuple_labels
from failures.families.lines.sparse_n1 import PIXELS, Matrices, active, collect, matrices, spread

METHODS = ("end_to_end", "decomposition", "joint")
# Samples in a batch of the scripts' estimator.
BATCH = 100
# About as many images are held at once; of every so many of these blocks, one goes into the covariance.
BLOCK, COVARIANCE_EVERY = 24_000, 8


class Moments:
    """Sums over the gradients of samples, from which signal and noise are estimated."""

    def __init__(self, n_weights: int):
        self.n, self.total, self.squares = 0, np.zeros(n_weights), 0.0
        self.n_batches, self.batch_squares = 0, 0.0
        self.n_products, self.products, self._added = 0, np.zeros((n_weights, n_weights)), 0

    def add(self, gradients: np.ndarray) -> None:
        """Add the gradients of some samples, float64 [n, weights]."""
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
        """Estimates from all samples so far (at least 100).

        signal: the unbiased (n ||mean||^2 - mean ||g||^2) / (n - 1), which may be negative; noise: the unbiased sum of
        variances; snr: their quotient; standard_error: of snr, from the variance of the signal as a U-statistic,
        4 m' C m / n + 2 tr(C^2) / n^2 with mean m and covariance C of the gradients; plug_in: the scripts' estimate
        s / (100 E||batch mean||^2 - s^2) with s = ||mean||^2 (it should be 100 s), whose expectation without any signal
        is about 1 / n.
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
    """Inputs of N1's last layer for the images of the pool; compiled once, for any weights.

    Lines look alike in small: the 16 million active cells of a pool of two million images see 34,000 different
    patches. What these add is computed once for each set of weights, and looked up for every cell.
    """

    def __init__(self, pool: np.ndarray, tuple_lengths: list[int]):
        """pool: packed images, int32 [n, 29]. tuple_lengths: blocks have whole tuples of each."""
        self.pool = pool
        whole = lcm(*tuple_lengths)
        self.size = max(1, BLOCK // whole) * whole
        self.patches = different_patches(pool)
        self._spread = tf.function(lambda weights: spread(weights, _rows(self.patches)), autograph=False)
        self._compiled = tf.function(self._compute, autograph=False)

    def _compute(self, weights: Matrices, added: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        def part(images: tf.Tensor) -> tf.Tensor:
            cells = active(images)
            return collect(weights, added, cells, self._numbers(cells.rows))

        parts = tf.reshape(images, [-1, CHUNK, COLUMNS])
        return tf.reshape(in_parts(part, parts, tf.float32), [-1, weights.kernel_3.shape[0]])

    def _numbers(self, rows: tf.Tensor) -> tf.Tensor:
        """Numbers of the patches with these rows, int32 [cells]."""
        return tf.searchsorted(self.patches, packed(rows))

    def blocks(
        self, n1: keras.Model, n_images: int, rng: np.random.Generator
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Features, float64 [m, 100], and labels, [m], of some images of the pool in random order, some at a time."""
        weights = matrices(n1)
        added = self._spread(weights)
        padded = -(-self.size // CHUNK) * CHUNK
        chosen = rng.permutation(len(self.pool))[:n_images]
        for start in range(0, n_images, self.size):
            images = self.pool[chosen[start : start + self.size]]
            # Blank images fill up the last block, so that all have the size that was compiled.
            filled = np.concatenate([images, np.zeros((padded - len(images), COLUMNS), np.int32)])
            found = self._compiled(weights, added, tf.constant(filled)).numpy()[: len(images)]
            yield found.astype(np.float64), images[:, SIZE].astype(np.float64)


def packed(rows: tf.Tensor) -> tf.Tensor:
    """Patches as single numbers, int64 [cells], from their rows of eight bits, int32 [cells, 8]."""
    shifts = tf.range(0, PIXELS, 8, dtype=tf.int64)
    return tf.reduce_sum(tf.bitwise.left_shift(tf.cast(rows, tf.int64), shifts), axis=1)


def _rows(patches: np.ndarray) -> np.ndarray:
    """The opposite of `packed`."""
    return (patches[:, None] >> np.arange(0, PIXELS, 8) & 255).astype(np.int32)


def different_patches(images: np.ndarray) -> np.ndarray:
    """All patches that active cells of packed images, int32 [n, 29], see: packed, ascending, int64."""
    found = tf.function(lambda images: packed(active(images).rows), autograph=False)
    blocks = (images[start : start + BLOCK] for start in range(0, len(images), BLOCK))
    return np.unique(np.concatenate([np.unique(found(tf.constant(block)).numpy()) for block in blocks]))


def measure(
    features: Features,
    n1: keras.Model,
    n2: dict[int, keras.Model],
    n_tuples: int,
    conventions: str,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Signal and noise of a network's gradients, for every length of tuples and method.

    n2: by tuple length. n_tuples: samples, of the pool's images in an order that rng draws: networks that are compared
    must not have the same tuples, or their errors would not average out. Returns rows with tuple_length, method,
    n_tuples and `Moments.estimates`.
    """
    kernel, bias = (weight.astype(np.float64) for weight in n1.get_layer("score").get_weights())
    moments = {(length, method): Moments(len(kernel)) for length in n2 for method in METHODS}
    weights = {length: [weight.astype(np.float64) for weight in model.get_weights()] for length, model in n2.items()}
    done = 0
    for found, labels in features.blocks(n1, n_tuples * max(n2), rng):
        scores = (found @ kernel + bias)[:, 0]
        for length in n2:
            n = min(len(labels), n_tuples * length - done)
            if n > 0:
                shape = (n // length, length)
                single, joint = scores[:n].reshape(shape), labels[:n].reshape(shape)
                for method, parts in derivatives(single, joint, weights[length], conventions).items():
                    inputs = found[:n].reshape(*shape, -1)[:, : parts.shape[1]]
                    moments[length, method].add(np.einsum("nk,nkf->nf", parts, inputs))
        done += len(labels)
    return [
        {"tuple_length": length, "method": method, "n_tuples": n_tuples, **sums.estimates()}
        for (length, method), sums in moments.items()
    ]


def derivatives(
    scores: np.ndarray, labels: np.ndarray, n2: list[np.ndarray], conventions: str
) -> dict[str, np.ndarray]:
    """Derivatives of the loss of each tuple by the scores of its images, by method, float64 [n, k]; of the first image
    alone, [n, 1], for `decomposition`.

    scores, labels: of the images, [n, k]. n2: its kernels and biases.
    """
    single = np.where(labels * scores < 1, -labels, 0.0)
    kernel, bias, output, output_bias = n2
    squashed = expit(scores)
    hidden = squashed @ kernel + bias
    joint = tuple_labels(labels, conventions)
    outputs = (np.maximum(hidden, 0) @ output + output_bias)[:, 0]
    outer = np.where(joint * outputs < 1, -joint, 0.0)
    through = ((hidden > 0) * output[:, 0]) @ kernel.T * outer[:, None] * squashed * (1 - squashed)
    found = through, single[:, :1], through + single / labels.shape[1]
    return dict(zip(METHODS, found, strict=True))
