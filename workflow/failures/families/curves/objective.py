"""Curves inside TensorFlow's graph: batches drawn with replacement from a training set, loss and decoding errors.

Metrics:
    loss: training loss, computed on the validation curves
    error, breakpoint_error: the two errors of `tables/curve_errors.csv`
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from failures.engine.sampling import integers
from failures.engine.training import Objective
from failures.families.curves.networks import TAPS
from failures.families.curves.problem import decode


class CurveObjective(Objective):
    """Loss and evaluation on one set of curves; `assign` changes curves and stream, not the graph.

    `error` is the squared error of the decoded curves over all validation curves, relative to the curves' own
    squares: 1 is no better than a flat line. `breakpoint_error` is the same of the decoded slope changes at the
    breakpoints alone, `loss` the training loss of the validation curves.
    """

    metrics = ("loss", "error", "breakpoint_error")

    def __init__(self, n_points: int, n_training: int, n_validation: int, architecture: str, batch_size: int):
        """n_training: curves of the largest training set. architecture: of `failures.families.curves.config.Learner`."""
        self.architecture, self.batch_size = architecture, batch_size
        self.training, self.validation = (
            tuple(tf.Variable(tf.zeros([n, n_points]), trainable=False) for _ in ("changes", "curves"))
            for n in (n_training, n_validation)
        )
        self.n_curves = tf.Variable(1, dtype=tf.int64, trainable=False)
        self.data_seed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def assign(self, training: np.ndarray, validation: np.ndarray, data_seed: int) -> None:
        """Set the slope changes of the training curves ([n, n_points], n up to n_training), of the validation
        curves ([n_validation, n_points]) and the seed of the batches."""
        padding = ((0, self.training[0].shape[0] - len(training)), (0, 0))
        for variables, changes in ((self.training, np.pad(training, padding)), (self.validation, validation)):
            variables[0].assign(changes)
            variables[1].assign(decode(changes))
        self.n_curves.assign(len(training))
        self.data_seed.assign(data_seed)

    def sample(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Slope changes and curves of the batch of this step, float32 [batch_size, n_points]."""
        chosen = integers(self.batch_size, self.n_curves, self.data_seed, step)
        return tuple(tf.gather(variable, chosen) for variable in self.training)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Loss of the batch of this step."""
        return self._loss(model, *self.sample(step), training=True)

    def outputs(self, model: keras.Model, curves: tf.Tensor, training: bool) -> tf.Tensor:
        """What the model makes of curves, both [n, n_points].

        A convolution is written as a product of its taps with shifted curves, a tenth of the layer's time on the CPU.
        As a product, its gradient is one, too: XLA adds up slowly what it does not know to be a product.
        """
        if self.architecture != "convolution":
            return model(curves, training=training)
        taps, n_points = filter_taps(model), curves.shape[1]
        padded = tf.pad(curves, ((0, 0), (TAPS - 1, 0)))
        return tf.tensordot(taps, tf.stack([padded[:, shift : shift + n_points] for shift in range(TAPS)]), 1)

    def _loss(self, model: keras.Model, changes: tf.Tensor, curves: tf.Tensor, training: bool) -> tf.Tensor:
        """Squared error of the outputs: summed over the points for the linear learner, else averaged."""
        wanted = curves if self.architecture == "autoencoder" else changes
        error = tf.reduce_mean((self.outputs(model, curves, training) - wanted) ** 2)
        return error * curves.shape[1] if self.architecture == "linear" else error

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """The metrics after this step, on all validation curves."""
        changes, curves = (variable.value() for variable in self.validation)
        outputs = self.outputs(model, curves, training=False)
        if self.architecture == "autoencoder":
            decoded, found = outputs, _encode(outputs)
        else:
            decoded, found = tf.cumsum(tf.cumsum(outputs, axis=1), axis=1), outputs
        at_breakpoints = tf.cast(changes != 0, tf.float32)
        return tf.stack(
            [
                self._loss(model, changes, curves, training=False),
                tf.reduce_sum((decoded - curves) ** 2) / tf.reduce_sum(curves**2),
                tf.reduce_sum(at_breakpoints * (found - changes) ** 2) / tf.reduce_sum(changes**2),
            ]
        )


def filter_taps(model: keras.Model) -> tf.Tensor:
    """The filter of a convolutional learner, conditioned or not: float32 [3], the tap of f_t last."""
    taps = model.get_layer("changes").kernel.value
    if "conditioner" in [layer.name for layer in model.layers]:
        return tf.reshape(model.get_layer("conditioner").kernel.value[:, 0] @ taps[0], [TAPS])
    return tf.reshape(taps, [TAPS])


def _encode(curves: tf.Tensor) -> tf.Tensor:
    """Slope changes of curves, both [n, n_points]."""
    padded = tf.pad(curves, ((0, 0), (2, 0)))
    return padded[:, 2:] - 2 * padded[:, 1:-1] + padded[:, :-2]
