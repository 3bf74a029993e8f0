"""Parities with intermediate labels: one network per prefix of the bits, after the decomposition of section 3.1.

The label of the first t bits, y_t = (-1)^(x_1 v_1 + ... + x_t v_t), depends on y_(t-1) and the bit x_t alone: it is
their product if the bit is relevant, and y_(t-1) otherwise. Each stage therefore learns a function of two bits, for any
d. With the prefix labels y_1, ..., y_d as intermediate targets, no search over subsets is required.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from failures.engine import losses
from failures.engine.layers import initializer, units
from failures.engine.seeding import DATA, EVALUATION
from failures.families.parity.objective import ParityObjective
from failures.families.parity.problem import pack

INPUTS = 2  # inputs per stage: the previous label and the next bit


def stages(n_features: int, settings: dict[str, Any], *path: str | int) -> keras.Model:
    """Build d independent networks side by side, one per stage.

    Args:
        n_features: Number of stages d.
        settings: `width` (``"10d"`` is ten times the two inputs of a stage), `depth` and `activation` of a fully
            connected learner.
        *path: Key of the random stream of the weights.

    Returns:
        A model [batch, d, 2] -> scores [batch, d].
    """
    inputs = keras.Input((n_features, INPUTS), name="inputs")
    hidden, width = inputs, units(settings["width"], INPUTS)
    for layer in range(1, settings["depth"] + 1):
        hidden = _dense(hidden, width, f"hidden_{layer}", *path, layer)
        hidden = keras.layers.Activation(settings["activation"], name=f"activation_{layer}")(hidden)
    scores = _dense(hidden, 1, "output", *path, "output")
    return keras.Model(inputs, keras.layers.Reshape((n_features,), name="scores")(scores), name="learner")


def _dense(hidden: keras.KerasTensor, width: int, name: str, *path: str | int) -> keras.KerasTensor:
    """Apply one dense layer per stage, [batch, d, n] -> [batch, d, width]."""
    _, n_stages, fan_in = hidden.shape
    kernels = initializer(fan_in, *path)
    shape = (n_stages, width)
    layer = keras.layers.EinsumDense("bti,tiw->btw", shape, bias_axes="tw", kernel_initializer=kernels, name=name)
    return layer(hidden)


class PrefixLabelsObjective(ParityObjective):
    """Parity whose stages are trained on correct prefix labels and evaluated as a chain.

    In the chain, each stage receives the sign of the previous stage's score in place of the correct label.

    Args:
        *arguments: Arguments of `ParityObjective`.
        **settings: Arguments of `ParityObjective`.
    """

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.prefixes = tf.Variable(tf.zeros([self.n_features, self.n_words], tf.int32), trainable=False)

    def assign(self, target: np.ndarray, seeds: dict[str, int]) -> None:
        """Set the target and the seeds of the random streams.

        Args:
            target: v*, 0/1, [n_features].
            seeds: Seeds by purpose (DATA, EVALUATION, NOISE).
        """
        super().assign(target, seeds)
        self.prefixes.assign(pack(np.tril(np.ones((self.n_features, 1), int) * target)))

    def prefix_labels(self, bits: tf.Tensor) -> tf.Tensor:
        """Compute y_1, ..., y_d; the last is the label of the parity.

        Args:
            bits: Packed bits, int32 [n, n_words].

        Returns:
            A float32 tensor [n, d] with the values -1 and +1.
        """
        common = tf.raw_ops.PopulationCount(x=bits[:, None, :] & self.prefixes)
        odd = tf.reduce_sum(tf.cast(common, tf.int32), axis=2) & 1
        return 1.0 - 2.0 * tf.cast(odd, tf.float32)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return the sum of the stages' losses, so that each stage gets the gradient of its own loss; a scalar.

        Args:
            model: The d stages [batch, d, 2] -> [batch, d].
            step: Training step, an int64 scalar.
        """
        bits = self.draw(self.batch, DATA, step)
        labels = self.prefix_labels(bits)
        previous = tf.concat([tf.ones_like(labels[:, :1]), labels[:, :-1]], 1)
        scores = model(tf.stack([previous, self.encode(bits)], 2), training=True)
        return self.n_features * self.loss_of(labels, scores)

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return accuracy and loss of the last stage of the chain for the parity of all bits, float32 [2].

        Args:
            model: The d stages [batch, d, 2] -> [batch, d].
            step: Training step, an int64 scalar.
        """
        bits = self.draw(self.evaluation, EVALUATION, step)
        labels, scores = self.label(bits), self.chain(model, self.encode(bits))
        return tf.stack([losses.accuracy(labels, scores), self.loss_of(labels, scores)])

    def chain(self, model: keras.Model, inputs: tf.Tensor) -> tf.Tensor:
        """Compute the scores of the last stage when each stage receives the sign of the previous score.

        Every stage is evaluated for both possible signs at once. The chain then selects among these scores.

        Args:
            model: The d stages [batch, d, 2] -> [batch, d].
            inputs: Encoded inputs, float32 [n, d].

        Returns:
            A float32 tensor [n, 1].
        """
        plus, minus = (
            model(tf.stack([label * tf.ones_like(inputs), inputs], 2), training=False) for label in (1.0, -1.0)
        )
        positive, score = tf.ones_like(inputs[:, 0], tf.bool), plus[:, 0]
        for stage in range(self.n_features):
            score = tf.where(positive, plus[:, stage], minus[:, stage])
            positive = score > 0.0
        return score[:, None]
