"""Losses of a score p for a label y in {-1, +1}, averaged over a batch; Theorem 1 covers all of them.

Keras' `Hinge` first tests whether its labels are 0 or 1, which takes longer than the loss itself. Its mean squared
error is twice the loss (p - y)^2 / 2 of Theorem 1.
"""

from __future__ import annotations

import tensorflow as tf


def hinge(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Return the mean of max(0, 1 - y p).

    Args:
        labels: Labels y in {-1, +1}.
        scores: Scores p, of the same shape.

    Returns:
        A scalar.
    """
    return tf.reduce_mean(tf.nn.relu(1.0 - labels * scores))


def square(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Return the mean of (p - y)^2 / 2.

    Args:
        labels: Labels y.
        scores: Scores p, of the same shape.

    Returns:
        A scalar.
    """
    return 0.5 * tf.reduce_mean(tf.square(scores - labels))


def logistic(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Return the mean of log(1 + exp(-y p)).

    Args:
        labels: Labels y in {-1, +1}.
        scores: Scores p, of the same shape.

    Returns:
        A scalar.
    """
    return tf.reduce_mean(tf.nn.softplus(-labels * scores))


def accuracy(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Return the share of samples with y p > 0; a score of exactly 0 is wrong, as in the authors' scripts.

    Args:
        labels: Labels y in {-1, +1}.
        scores: Scores p, of the same shape.

    Returns:
        A float32 scalar in [0, 1].
    """
    return tf.reduce_mean(tf.cast(labels * scores > 0.0, tf.float32))


BY_NAME = {"hinge": hinge, "square": square, "logistic": logistic}
