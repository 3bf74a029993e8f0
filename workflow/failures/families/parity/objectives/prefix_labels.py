"""A parity learnt by decomposition: with the label of each of its prefixes, stage by stage.

The label of the first t bits, y_t = (-1)^(x_1 v_1 + ... + x_t v_t), follows from y_(t-1) and the bit x_t alone: it is
their product if the bit is relevant and y_(t-1) if not. Which of the two is a target in two bits, however large d is.
Whoever is given the running labels y_1, ..., y_d as intermediate targets (as in section 3.1) need not search.
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

INPUTS = 2  # of a stage: the label so far and the next bit


def stages(n_features: int, settings: dict[str, Any], *path: str | int) -> keras.Model:
    """d networks of the learner side by side, one a stage, that share nothing.

    settings: `width` (``"10d"`` is ten times a stage's two inputs), `depth` and `activation` of a fully connected
    learner. path: name of the random stream of the weights. Returns a model [batch, d, 2] -> scores [batch, d].
    """
    inputs = keras.Input((n_features, INPUTS), name="inputs")
    hidden, width = inputs, units(settings["width"], INPUTS)
    for layer in range(1, settings["depth"] + 1):
        hidden = _dense(hidden, width, f"hidden_{layer}", *path, layer)
        hidden = keras.layers.Activation(settings["activation"], name=f"activation_{layer}")(hidden)
    scores = _dense(hidden, 1, "output", *path, "output")
    return keras.Model(inputs, keras.layers.Reshape((n_features,), name="scores")(scores), name="learner")


def _dense(hidden: keras.KerasTensor, width: int, name: str, *path: str | int) -> keras.KerasTensor:
    """A dense layer a stage, [batch, d, n] -> [batch, d, width]."""
    _, n_stages, fan_in = hidden.shape
    kernels = initializer(fan_in, *path)
    shape = (n_stages, width)
    layer = keras.layers.EinsumDense("bti,tiw->btw", shape, bias_axes="tw", kernel_initializer=kernels, name=name)
    return layer(hidden)


class PrefixLabelsObjective(ParityObjective):
    """Each stage learns from true labels; all of them are evaluated as a chain, each on what the last one decided."""

    def __init__(self, *arguments, **settings):
        """Takes what ParityObjective takes."""
        super().__init__(*arguments, **settings)
        self.prefixes = tf.Variable(tf.zeros([self.n_features, self.n_words], tf.int32), trainable=False)

    def assign(self, target: np.ndarray, seeds: dict[str, int]) -> None:
        """Set the target v* (0/1, [n_features]) and the seeds of the random streams, by purpose."""
        super().assign(target, seeds)
        self.prefixes.assign(pack(np.tril(np.ones((self.n_features, 1), int) * target)))

    def running_labels(self, bits: tf.Tensor) -> tf.Tensor:
        """y_1, ..., y_d of packed bits [n, n_words], float32 [n, d]; the last is the parity's label."""
        common = tf.raw_ops.PopulationCount(x=bits[:, None, :] & self.prefixes)
        odd = tf.reduce_sum(tf.cast(common, tf.int32), axis=2) & 1
        return 1.0 - 2.0 * tf.cast(odd, tf.float32)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Sum of the stages' losses, so that each gets the gradient that it would get alone."""
        bits = self.draw(self.batch, DATA, step)
        labels = self.running_labels(bits)
        before = tf.concat([tf.ones_like(labels[:, :1]), labels[:, :-1]], 1)
        scores = model(tf.stack([before, self.encode(bits)], 2), training=True)
        return self.n_features * self.loss_of(labels, scores)

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Accuracy and loss of the chain's last stage, for the parity of all bits."""
        bits = self.draw(self.evaluation, EVALUATION, step)
        labels, scores = self.label(bits), self.chain(model, self.encode(bits))
        return tf.stack([losses.accuracy(labels, scores), self.loss_of(labels, scores)])

    def chain(self, model: keras.Model, inputs: tf.Tensor) -> tf.Tensor:
        """Scores of the last stage, [n, 1], for encoded inputs [n, d]; each stage reads the sign of the last one's.

        There are only two labels that a stage can be told: all stages answer to both at once, and the chain is
        followed through their answers.
        """
        plus, minus = (
            model(tf.stack([said * tf.ones_like(inputs), inputs], 2), training=False) for said in (1.0, -1.0)
        )
        positive, score = tf.ones_like(inputs[:, 0], tf.bool), plus[:, 0]
        for stage in range(self.n_features):
            score = tf.where(positive, plus[:, stage], minus[:, stage])
            positive = score > 0.0
        return score[:, None]
