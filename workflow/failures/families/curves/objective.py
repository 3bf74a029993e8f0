"""Curves objective: batches drawn with replacement from a training set, loss and reconstruction errors (section 4).

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
    """Loss and evaluation on one set of curves.

    `assign` changes curves and random stream without a new graph.

    Args:
        n_points: Points per curve, n.
        n_training: Number of curves in the largest training set.
        n_validation: Number of validation curves.
        architecture: `architecture` of `failures.families.curves.config.Learner`.
        batch_size: Curves per step.
    """

    metrics = ("loss", "error", "breakpoint_error")

    def __init__(self, n_points: int, n_training: int, n_validation: int, architecture: str, batch_size: int):
        self.architecture, self.batch_size = architecture, batch_size
        self.training, self.validation = (
            tuple(tf.Variable(tf.zeros([n, n_points]), trainable=False) for _ in ("changes", "curves"))
            for n in (n_training, n_validation)
        )
        self.n_curves = tf.Variable(1, dtype=tf.int64, trainable=False)
        self.data_seed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def assign(self, training: np.ndarray, validation: np.ndarray, data_seed: int) -> None:
        """Set the curves and the seed of the batches.

        Args:
            training: Changes of slope of the training curves, [n, n_points], n at most `n_training`.
            validation: Changes of slope of the validation curves, [n_validation, n_points].
            data_seed: Seed of the batches.
        """
        padding = ((0, self.training[0].shape[0] - len(training)), (0, 0))
        for variables, changes in ((self.training, np.pad(training, padding)), (self.validation, validation)):
            variables[0].assign(changes)
            variables[1].assign(decode(changes))
        self.n_curves.assign(len(training))
        self.data_seed.assign(data_seed)

    def sample(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the changes of slope and the curves of the batch of a step, each float32 [batch_size, n_points]."""
        chosen = integers(self.batch_size, self.n_curves, self.data_seed, step)
        return tuple(tf.gather(variable, chosen) for variable in self.training)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the loss of the batch of a step."""
        return self._loss(model, *self.sample(step), training=True)

    def outputs(self, model: keras.Model, curves: tf.Tensor, training: bool) -> tf.Tensor:
        """Compute the outputs of the model.

        A convolution is computed as a product of its taps with shifted curves, in a tenth of the time of the Keras
        layer on the CPU. Its gradient is then a matrix product, which XLA computes much faster than a sum.

        Args:
            model: Model of `failures.families.curves.networks.network`.
            curves: Curves, [n, n_points].
            training: Whether the model is called in training mode.

        Returns:
            Outputs, [n, n_points].
        """
        if self.architecture != "convolution":
            return model(curves, training=training)
        taps, n_points = filter_taps(model), curves.shape[1]
        padded = tf.pad(curves, ((0, 0), (TAPS - 1, 0)))
        return tf.tensordot(taps, tf.stack([padded[:, shift : shift + n_points] for shift in range(TAPS)]), 1)

    def _loss(self, model: keras.Model, changes: tf.Tensor, curves: tf.Tensor, training: bool) -> tf.Tensor:
        """Compute the squared error of the outputs: summed over points for the linear learner, otherwise averaged."""
        target = curves if self.architecture == "autoencoder" else changes
        error = tf.reduce_mean((self.outputs(model, curves, training) - target) ** 2)
        return error * curves.shape[1] if self.architecture == "linear" else error

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the metrics on all validation curves."""
        changes, curves = (variable.value() for variable in self.validation)
        outputs = self.outputs(model, curves, training=False)
        if self.architecture == "autoencoder":
            decoded, predicted = outputs, _encode(outputs)
        else:
            decoded, predicted = tf.cumsum(tf.cumsum(outputs, axis=1), axis=1), outputs
        at_breakpoints = tf.cast(changes != 0, tf.float32)
        return tf.stack(
            [
                self._loss(model, changes, curves, training=False),
                tf.reduce_sum((decoded - curves) ** 2) / tf.reduce_sum(curves**2),
                tf.reduce_sum(at_breakpoints * (predicted - changes) ** 2) / tf.reduce_sum(changes**2),
            ]
        )


def filter_taps(model: keras.Model) -> tf.Tensor:
    """Return the filter of a convolutional learner, including its conditioning.

    Args:
        model: Model of `failures.families.curves.networks.network`.

    Returns:
        Taps, float32 [3]; the last is the tap of f_t.
    """
    taps = model.get_layer("changes").kernel.value
    if "conditioner" in [layer.name for layer in model.layers]:
        return tf.reshape(model.get_layer("conditioner").kernel.value[:, 0] @ taps[0], [TAPS])
    return tf.reshape(taps, [TAPS])


def _encode(curves: tf.Tensor) -> tf.Tensor:
    """Compute the changes of slope of curves, both [n, n_points]."""
    padded = tf.pad(curves, ((0, 0), (2, 0)))
    return padded[:, 2:] - 2 * padded[:, 1:-1] + padded[:, :-2]
