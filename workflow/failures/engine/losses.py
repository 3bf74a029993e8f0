"""Losses of a score p for a label y in {-1, +1}, averaged over the samples of a batch.

Keras' own `Hinge` first tests whether its labels are 0/1, which costs more than the loss, and its mean
squared error is twice the 1/2 (p - y)^2 that Theorem 1 speaks of.
"""

from __future__ import annotations

import tensorflow as tf


def hinge(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """mean max(0, 1 - y p); labels and scores of one shape, returns a scalar."""
    return tf.reduce_mean(tf.nn.relu(1.0 - labels * scores))


def square(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """mean (p - y)^2 / 2; labels and scores of one shape, returns a scalar."""
    return 0.5 * tf.reduce_mean(tf.square(scores - labels))


def logistic(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """mean log(1 + exp(-y p)); labels and scores of one shape, returns a scalar."""
    return tf.reduce_mean(tf.nn.softplus(-labels * scores))


def accuracy(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Share of samples with y p > 0. A score of exactly 0 is wrong, as in the authors' scripts."""
    return tf.reduce_mean(tf.cast(labels * scores > 0.0, tf.float32))


BY_NAME = {"hinge": hinge, "square": square, "logistic": logistic}
