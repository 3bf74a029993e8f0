"""Workarounds for behaviour of Keras and TensorFlow that does not suit the training engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.tensorflow.optimizer import TFOptimizer


def enable_functional_optimizers() -> None:
    """Make Keras' optimisers update values in a `keras.StatelessScope`, as they do on all backends except TensorFlow.

    On TensorFlow, Keras overrides the update methods to support `tf.distribute`, which this project does not use.
    """
    for name in ("assign", "assign_add", "assign_sub", "_var_key", "_backend_update_step", "_apply_weight_decay"):
        if name in vars(TFOptimizer):
            delattr(TFOptimizer, name)


def without_autotuner(data: tf.data.Dataset) -> tf.data.Dataset:
    """Return the same dataset without the autotuner of tf.data, which has nothing to tune in a list.

    The tuner's thread sleeps between rounds. Each sleep is twice as long as the one before, up to a minute. In every
    third or fourth trial, the end of `fit` waits until the thread wakes: 2 s after 3 s of work, for example (TensorFlow
    2.21).

    Args:
        data: Any dataset.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)


def nan_unless_finite(value: tf.Tensor, weights: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return NaN for each metric if all metrics are finite and a weight is not.

    Maxima and minima that XLA compiles return the other operand for NaN, so that the loss of NaN weights can be finite.

    Args:
        value: Values of the metrics at an evaluation, float32 [metrics].
        weights: Values of the trained variables.
    """
    finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(weight)) for weight in weights])
    reported = tf.logical_not(tf.reduce_all(tf.math.is_finite(value)))
    return tf.where(tf.logical_or(finite, reported), value, tf.constant(np.nan, value.dtype))


@contextmanager
def limited_rewriting(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Disable TensorFlow's arithmetic graph rewriting for the Muon optimiser within the block.

    The rewriting makes sums of large products, such as those of Muon, share a temporary variable. In loops outside XLA,
    two sums can request the variable at once, which raises AlreadyExistsError (tensorflow/tensorflow#23780).

    Args:
        optimizer: Optimiser of the graphs that are built in the block.
    """
    if not isinstance(optimizer, keras.optimizers.Muon):
        yield
        return
    before = tf.config.optimizer.get_experimental_options().get("arithmetic_optimization", True)
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"arithmetic_optimization": before})
