"""Parities inside TensorFlow's graph: batches drawn by step, their labels, loss and accuracy."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from failures import losses
from failures.parity.problem import WORD, cube, pack


class ParityObjective:
    """Loss and evaluation of one parity target; `assign` changes target and streams, not the graph.

    An input is drawn as packed random bits, from which both the encoded input and its label follow:
    (-1)^<x, v*> is the parity of the number of bits that the input shares with v*.
    """

    metrics = ("accuracy", "loss")

    def __init__(self, n_features: int, encoding: str, loss: str, batch_size: int, evaluation: int | str):
        """evaluation: fresh samples of an evaluation, or ``"cube"`` for all 2^n_features inputs."""
        self.n_features, self.encoding, self.batch_size = n_features, encoding, batch_size
        self.loss_of = losses.BY_NAME[loss]
        self.evaluation = evaluation
        self.n_words = -(-n_features // WORD)
        self.mask = tf.Variable(tf.zeros([self.n_words], tf.int32), trainable=False)
        self.data_seed = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.evaluation_seed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def assign(self, target: np.ndarray, data_seed: int, evaluation_seed: int) -> None:
        """Set the target v* (0/1, [n_features]) and the seeds of both random streams."""
        self.mask.assign(pack(target))
        self.data_seed.assign(data_seed)
        self.evaluation_seed.assign(evaluation_seed)

    def sample(self, n: int, seed: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """n uniform inputs, encoded, float32 [n, n_features], and their labels, float32 [n, 1]."""
        bits = tf.random.stateless_uniform(
            [n, self.n_words], tf.stack([seed, step]), minval=None, maxval=None, dtype=tf.int32
        )
        return self.encode(bits), self.label(bits)

    def encode(self, bits: tf.Tensor) -> tf.Tensor:
        """Inputs of packed bits [n, n_words]: 0/1 (binary), or 1 for bit 0 and -1 for bit 1 (signed)."""
        shifts = tf.range(min(self.n_features, WORD))
        unpacked = tf.bitwise.right_shift(bits[:, :, None], shifts) & 1
        inputs = tf.cast(tf.reshape(unpacked, [-1, self.n_words * shifts.shape[0]]), tf.float32)
        inputs = inputs[:, : self.n_features] if self.n_words > 1 else inputs
        return 1.0 - 2.0 * inputs if self.encoding == "signed" else inputs

    def label(self, bits: tf.Tensor) -> tf.Tensor:
        """(-1)^<x, v*> of packed bits [n, n_words], float32 [n, 1]."""
        common = tf.raw_ops.PopulationCount(x=bits & self.mask)
        odd = tf.reduce_sum(common, axis=1, keepdims=True) & 1 if self.n_words > 1 else common & 1
        return 1.0 - 2.0 * tf.cast(odd, tf.float32)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Loss of the batch of this step."""
        inputs, labels = self.sample(self.batch_size, self.data_seed, step)
        return self.loss_of(labels, model(inputs, training=True))

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Accuracy and loss after this step, on a fresh sample or on the cube."""
        if self.evaluation == "cube":
            bits = tf.constant(pack(cube(self.n_features)))
            inputs, labels = self.encode(bits), self.label(bits)
        else:
            inputs, labels = self.sample(self.evaluation, self.evaluation_seed, step)
        scores = model(inputs, training=False)
        return tf.stack([losses.accuracy(labels, scores), self.loss_of(labels, scores)])
