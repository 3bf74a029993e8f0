"""Two spirals inside TensorFlow's graph.

Metrics:
    accuracy: share of 500 fresh points that are put on the right spiral
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from failures.engine import losses
from failures.engine.sampling import uniform
from failures.engine.training import Objective


class SpiralObjective(Objective):
    """Loss and accuracy on fresh points of both spirals."""

    metrics = ("accuracy",)

    def __init__(self, n_turns: float, batch_size: int):
        self.n_turns, self.batch_size = n_turns, batch_size
        self.angle = tf.Variable(0.0, trainable=False)
        self.seed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def sample(self, n: int, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw points [n, 2] and their labels [n, 1]."""
        radius, coin = tf.unstack(uniform([2, n, 1], self.seed, step))
        labels = tf.where(coin < 0.5, -1.0, 1.0)
        angle = self.angle + 2 * math.pi * self.n_turns * radius
        return labels * radius * tf.concat([tf.cos(angle), tf.sin(angle)], axis=1), labels

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return the logistic loss of the batch of this step."""
        points, labels = self.sample(self.batch_size, step)
        return losses.logistic(labels, model(points, training=True))

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return the accuracy [1] on 500 points that are not trained on."""
        points, labels = self.sample(500, -1 - step)
        return tf.reduce_mean(tf.cast(model(points) * labels > 0, tf.float32), keepdims=True)[0]
