"""Training objective of parities: batches, labels, loss and accuracy, computed in TensorFlow's graph (section 2).

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
    """Loss and evaluation of one parity target; `assign` changes the target and the streams, not the graph.

    Inputs are drawn as packed random bits, which determine both the encoded input and its label. The label is the
    parity of the number of bits that the input shares with v*.

    Args:
        n_features: Input dimension d.
        encoding: ``"signed"`` for inputs in {-1, +1} or ``"binary"`` for {0, 1}.
        loss: Key of `failures.engine.losses.BY_NAME`.
        batch: Fresh samples per training step, or ``"cube"`` for all 2^d inputs.
        evaluation: Fresh samples per evaluation, or ``"cube"``.
    """

    metrics = ("accuracy", "loss")

    def __init__(self, n_features: int, encoding: str, loss: str, batch: int | str, evaluation: int | str):
        self.n_features, self.encoding, self.batch, self.evaluation = n_features, encoding, batch, evaluation
        self.loss_of = losses.BY_NAME[loss]
        self.n_words = -(-n_features // WORD)
        self.mask = tf.Variable(tf.zeros([self.n_words], tf.int32), trainable=False)
        self.seeds = {purpose: tf.Variable(0, dtype=tf.int64, trainable=False) for purpose in (DATA, EVALUATION, NOISE)}

    def assign(self, target: np.ndarray, seeds: dict[str, int]) -> None:
        """Set the target and the seeds of the random streams.

        Args:
            target: v*, 0/1, [n_features].
            seeds: Seeds by purpose (DATA, EVALUATION, NOISE).
        """
        self.mask.assign(pack(target))
        for purpose, variable in self.seeds.items():
            variable.assign(seeds[purpose])

    def sample(self, n: int | str, purpose: str, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw uniform inputs and compute their labels.

        Args:
            n: Number of inputs, or ``"cube"`` for all 2^d inputs.
            purpose: Random stream (DATA or EVALUATION).
            step: Training step, an int64 scalar.

        Returns:
            Encoded inputs, float32 [n, n_features], and labels in {-1, +1}, float32 [n, 1].
        """
        packed = self.draw(n, purpose, step)
        return self.encode(packed), self.label(packed)

    def draw(self, n: int | str, purpose: str, step: tf.Tensor) -> tf.Tensor:
        """Draw uniform inputs as packed bits.

        Args:
            n: Number of inputs, or ``"cube"`` for all 2^d inputs.
            purpose: Random stream (DATA or EVALUATION).
            step: Training step, an int64 scalar.

        Returns:
            An int32 tensor [n, n_words].
        """
        if n == "cube":
            return tf.constant(pack(cube(self.n_features)))
        return tf.bitcast(bits([n, self.n_words], self.seeds[purpose], step), tf.int32)

    def encode(self, bits: tf.Tensor) -> tf.Tensor:
        """Encode packed bits as inputs of a network: 0/1 (binary), or 1 for bit 0 and -1 for bit 1 (signed).

        Args:
            bits: Packed bits, int32 [n, n_words].

        Returns:
            A float32 tensor [n, n_features].
        """
        shifts = tf.range(min(self.n_features, WORD))
        unpacked = tf.bitwise.right_shift(bits[:, :, None], shifts) & 1
        inputs = tf.cast(tf.reshape(unpacked, [-1, self.n_words * shifts.shape[0]]), tf.float32)
        inputs = inputs[:, : self.n_features] if self.n_words > 1 else inputs
        return 1.0 - 2.0 * inputs if self.encoding == "signed" else inputs

    def label(self, bits: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Compute the parities (-1)^<x, v> of packed bits.

        Args:
            bits: Packed bits of x, int32 [n, n_words].
            mask: Packed bits of v, int32 [n_words]; default: v*.

        Returns:
            A float32 tensor [n, 1] with the values -1 and +1.
        """
        common = tf.raw_ops.PopulationCount(x=bits & (self.mask if mask is None else mask))
        odd = tf.reduce_sum(common, axis=1, keepdims=True) & 1 if self.n_words > 1 else common & 1
        return 1.0 - 2.0 * tf.cast(odd, tf.float32)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return the loss on the batch of this step, a scalar.

        Args:
            model: The learner.
            step: Training step, an int64 scalar.
        """
        inputs, labels = self.sample(self.batch, DATA, step)
        return self.loss_of(labels, model(inputs, training=True))

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return accuracy and loss after this step, on fresh samples or on the cube, float32 [2].

        Args:
            model: The learner.
            step: Training step, an int64 scalar.
        """
        inputs, labels = self.sample(self.evaluation, EVALUATION, step)
        scores = model(inputs, training=False)
        return tf.stack([losses.accuracy(labels, scores), self.loss_of(labels, scores)])


class StatisticalQueriesObjective(ParityObjective):
    """A parity with a noisy or quantised gradient oracle, as for a statistical-query algorithm.

    Args:
        *arguments: Arguments of `ParityObjective`.
        **settings: Arguments of `ParityObjective`.

    Attributes:
        noise: Standard deviation of the Gaussian noise added to each component of the gradient.
        tolerance: Largest error of the quantised gradient. Each component is rounded to the nearest multiple of twice
            this value; 0 disables rounding.
    """

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.noise = tf.Variable(0.0, trainable=False)
        self.tolerance = tf.Variable(0.0, trainable=False)

    def transform_gradients(self, gradients: list[tf.Tensor], step: tf.Tensor) -> list[tf.Tensor]:
        """Return the gradients with rounding and noise.

        Args:
            gradients: One tensor per trainable variable.
            step: Training step, an int64 scalar.
        """
        sizes = [gradient.shape.num_elements() for gradient in gradients]
        noise = tf.split(normal([sum(sizes)], self.seeds[NOISE], step), sizes)
        return [
            self._rounded(gradient) + self.noise * tf.reshape(part, gradient.shape)
            for gradient, part in zip(gradients, noise, strict=True)
        ]

    def _rounded(self, gradient: tf.Tensor) -> tf.Tensor:
        """Round each component to the nearest multiple of twice the tolerance."""
        step = 2.0 * self.tolerance
        return tf.where(step > 0.0, step * tf.round(tf.math.divide_no_nan(gradient, step)), gradient)
