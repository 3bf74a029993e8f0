"""The waves in TensorFlow, for training and for the gradients at initialisation."""

from __future__ import annotations

import math

import tensorflow as tf


def psi(wave: str, u: tf.Tensor) -> tf.Tensor:
    """A wave of `failures.families.periodic.problem.WAVES` in TensorFlow, of the shape and type of u."""
    if wave == "linear":
        return tf.identity(u)
    cosine = tf.cos(2 * math.pi * u)
    return cosine if wave == "cosine" else tf.where(cosine >= 0, tf.ones_like(u), -tf.ones_like(u))
