"""Linear-periodic objective: batches, labels, loss and unexplained variance (section 2, Theorem 2).

Metrics:
    unexplained: unexplained variance
    loss: half the mean squared error
"""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import tensorflow as tf

from failures.engine import losses
from failures.engine.sampling import normal
from failures.engine.training import Objective
from failures.families.periodic.problem import WAVES, label_variance
from failures.families.periodic.waves import psi


class PeriodicObjective(Objective):
    """Loss and evaluation of one target psi(<v, x>).

    `assign` changes target and random streams without a new graph. The unexplained variance is 1 for the best constant
    output and 0 for a perfect fit.

    Args:
        n_features: Input dimension, d.
        batch_size: Samples per step.
        evaluation: Fresh samples per evaluation.
    """

    metrics = ("unexplained", "loss")

    def __init__(self, n_features: int, batch_size: int, evaluation: int):
        self.n_features, self.batch_size, self.evaluation = n_features, batch_size, evaluation
        self.target = tf.Variable(tf.zeros([n_features, 1]), trainable=False)
        self.wave = tf.Variable(0, trainable=False)
        self.label_variance = tf.Variable(1.0, trainable=False)
        self.data_seed = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.evaluation_seed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def assign(self, direction: np.ndarray, norm: float, wave: str, data_seed: int, evaluation_seed: int) -> None:
        """Set the target and the seeds of both random streams.

        Args:
            direction: v / r, a unit vector [n_features].
            norm: r.
            wave: Name of psi in `failures.families.periodic.problem.WAVES`.
            data_seed: Seed of the training samples.
            evaluation_seed: Seed of the evaluation samples.
        """
        self.target.assign(norm * direction[:, None])
        self.wave.assign(list(WAVES).index(wave))
        self.label_variance.assign(label_variance(wave, norm))
        self.data_seed.assign(data_seed)
        self.evaluation_seed.assign(evaluation_seed)

    def sample(self, n: int, seed: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw standard normal inputs and compute their labels.

        Args:
            n: Number of samples.
            seed: Seed of the random stream, int64 scalar.
            step: Step of the random stream, int64 scalar.

        Returns:
            Inputs, float32 [n, n_features], and labels, float32 [n, 1].
        """
        inputs = normal([n, self.n_features], seed, step)
        return inputs, self.label(inputs @ self.target)

    def label(self, u: tf.Tensor) -> tf.Tensor:
        """Compute psi(u), of the shape of u."""
        return tf.switch_case(self.wave.value(), [partial(psi, name, u) for name in WAVES])

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the loss of the batch of a step."""
        inputs, labels = self.sample(self.batch_size, self.data_seed, step)
        return losses.square(labels, model(inputs, training=True))

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the unexplained variance and the loss on fresh samples."""
        inputs, labels = self.sample(self.evaluation, self.evaluation_seed, step)
        loss = losses.square(labels, model(inputs, training=False))
        return tf.stack([2 * loss / self.label_variance, loss])
