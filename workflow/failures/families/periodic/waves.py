"""The functions psi in TensorFlow, for training and for gradients at initialisation (section 2)."""

from __future__ import annotations

import math

import tensorflow as tf


def psi(wave: str, u: tf.Tensor) -> tf.Tensor:
    """Compute psi(u).

    Args:
        wave: Name in `failures.families.periodic.problem.WAVES`.
        u: Inputs.

    Returns:
        Values, of the shape and type of u.
    """
    if wave == "linear":
        return tf.identity(u)
    cosine = tf.cos(2 * math.pi * u)
    return cosine if wave == "cosine" else tf.where(cosine >= 0, tf.ones_like(u), -tf.ones_like(u))
