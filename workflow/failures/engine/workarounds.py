"""What Keras and TensorFlow do that the training engine has no use for, and how it is told not to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf
from keras.src.backend.tensorflow.optimizer import TFOptimizer


def functional_optimizers() -> None:
    """Let Keras' optimisers do what they do on every other backend: update values where a `keras.StatelessScope` asks
    for that.

    On TensorFlow these methods override it to serve `tf.distribute`, which nothing here uses.
    """
    for name in ("assign", "assign_add", "assign_sub", "_var_key", "_backend_update_step", "_apply_weight_decay"):
        if name in vars(TFOptimizer):
            delattr(TFOptimizer, name)


def untuned(data: tf.data.Dataset) -> tf.data.Dataset:
    """The same data without tf.data's tuner, which has nothing to tune where there is only a list.

    Its thread sleeps between rounds, each twice as long as the one before, up to a minute, and in one of three or four
    trials the end of `fit` waits until it wakes: after 3.0 s of work until 5.1 s, after 9.1 s until 10.2 s (TensorFlow
    2.21).
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)


@contextmanager
def graphs_for(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """TensorFlow's rewriting of graphs, which for Muon leaves sums alone.

    Sums of large products, such as Muon's, would share a temporary variable, which in loops outside XLA two of them may
    want at once: AlreadyExistsError (tensorflow/tensorflow#23780).
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
