"""Parities inside TensorFlow's graph: batches drawn by step, their labels, loss and accuracy.

Metrics:
    accuracy: share of samples with the right sign of the score; a score of 0 is wrong
    loss: mean loss of the learner
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from failures.engine import losses
from failures.engine.sampling import bits, normal
from failures.engine.seeding import DATA, EVALUATION, NOISE
from failures.engine.training import Objective
from failures.families.parity.problem import WORD, cube, pack


class ParityObjective(Objective):
    """Loss and evaluation of one parity target; `assign` changes target and streams, not the graph.

    An input is drawn as packed random bits, from which both the encoded input and its label follow:
    (-1)^<x, v*> is the parity of the number of bits that the input shares with v*.
    """

    metrics = ("accuracy", "loss")

    def __init__(self, n_features: int, encoding: str, loss: str, batch: int | str, evaluation: int | str):
        """batch, evaluation: fresh samples of a step or an evaluation; ``"cube"`` for all 2^n_features inputs."""
        self.n_features, self.encoding, self.batch, self.evaluation = n_features, encoding, batch, evaluation
        self.loss_of = losses.BY_NAME[loss]
        self.n_words = -(-n_features // WORD)
        self.mask = tf.Variable(tf.zeros([self.n_words], tf.int32), trainable=False)
        self.seeds = {purpose: tf.Variable(0, dtype=tf.int64, trainable=False) for purpose in (DATA, EVALUATION, NOISE)}

    def assign(self, target: np.ndarray, seeds: dict[str, int]) -> None:
        """Set the target v* (0/1, [n_features]) and the seeds of the random streams, by purpose."""
        self.mask.assign(pack(target))
        for purpose, variable in self.seeds.items():
            variable.assign(seeds[purpose])

    def sample(self, n: int | str, purpose: str, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """n uniform inputs (or the cube), encoded, float32 [n, n_features], and their labels, float32 [n, 1]."""
        bits = self.draw(n, purpose, step)
        return self.encode(bits), self.label(bits)

    def draw(self, n: int | str, purpose: str, step: tf.Tensor) -> tf.Tensor:
        """n uniform inputs as packed bits, int32 [n, n_words], from the stream of a purpose; or the cube."""
        if n == "cube":
            return tf.constant(pack(cube(self.n_features)))
        return tf.bitcast(bits([n, self.n_words], self.seeds[purpose], step), tf.int32)

    def encode(self, bits: tf.Tensor) -> tf.Tensor:
        """Inputs of packed bits [n, n_words]: 0/1 (binary), or 1 for bit 0 and -1 for bit 1 (signed)."""
        shifts = tf.range(min(self.n_features, WORD))
        unpacked = tf.bitwise.right_shift(bits[:, :, None], shifts) & 1
        inputs = tf.cast(tf.reshape(unpacked, [-1, self.n_words * shifts.shape[0]]), tf.float32)
        inputs = inputs[:, : self.n_features] if self.n_words > 1 else inputs
        return 1.0 - 2.0 * inputs if self.encoding == "signed" else inputs

    def label(self, bits: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """(-1)^<x, v> of packed bits [n, n_words], float32 [n, 1]. mask: packed v, [n_words]; v* if left out."""
        common = tf.raw_ops.PopulationCount(x=bits & (self.mask if mask is None else mask))
        odd = tf.reduce_sum(common, axis=1, keepdims=True) & 1 if self.n_words > 1 else common & 1
        return 1.0 - 2.0 * tf.cast(odd, tf.float32)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Loss of the batch of this step."""
        inputs, labels = self.sample(self.batch, DATA, step)
        return self.loss_of(labels, model(inputs, training=True))

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Accuracy and loss after this step, on a fresh sample or on the cube."""
        inputs, labels = self.sample(self.evaluation, EVALUATION, step)
        scores = model(inputs, training=False)
        return tf.stack([losses.accuracy(labels, scores), self.loss_of(labels, scores)])


class QueryObjective(ParityObjective):
    """A parity whose gradient is only told roughly, as to an algorithm of statistical queries.

    noise: Gaussian, of this standard deviation in every weight, is added to each gradient. tolerance:
    each answer is the multiple of twice this that is nearest to the truth, so that it is wrong by at most that.
    """

    def __init__(self, *arguments, **settings):
        """Takes what ParityObjective takes."""
        super().__init__(*arguments, **settings)
        self.noise = tf.Variable(0.0, trainable=False)
        self.tolerance = tf.Variable(0.0, trainable=False)

    def transform_gradients(self, gradients: list[tf.Tensor], step: tf.Tensor) -> list[tf.Tensor]:
        """The gradients as they are told."""
        sizes = [gradient.shape.num_elements() for gradient in gradients]
        noise = tf.split(normal([sum(sizes)], self.seeds[NOISE], step), sizes)
        return [
            self._rounded(gradient) + self.noise * tf.reshape(part, gradient.shape)
            for gradient, part in zip(gradients, noise, strict=True)
        ]

    def _rounded(self, gradient: tf.Tensor) -> tf.Tensor:
        step = 2.0 * self.tolerance
        return tf.where(step > 0.0, step * tf.round(tf.math.divide_no_nan(gradient, step)), gradient)
