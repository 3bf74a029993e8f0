"""Training of one network on two targets, in two precisions: how far a trajectory depends on the target (Theorem 1).

By Theorem 1 the gradient carries almost no information about the target. The weights should therefore move along nearly
the same path for every target. Copies of one network receive the same inputs with the labels of two parities, and the
distance between their weights is measured during training.

Metrics of problems of the kind `target_pairs`:
    drift_float32, drift_float64, rounding, travel, accuracy: as in `tables/target_blindness.csv`
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from failures.engine import losses
from failures.engine.gradients import in_precision
from failures.engine.sampling import coins
from failures.engine.seeding import DATA, EVALUATION, NOISE
from failures.families.parity.objective import ParityObjective
from failures.families.parity.problem import pack

PRECISIONS = ("float32", "float64")


def copies(network: keras.Model) -> keras.Model:
    """Build four copies of a network side by side: for both targets in float32, then in float64.

    Args:
        network: Model [n, d] -> [n, 1].

    Returns:
        A model with four outputs [n, 1].
    """
    inputs = keras.Input(network.input_shape[1:], name="inputs")
    parts = []
    for dtype in PRECISIONS:
        for target in (1, 2):
            copy = in_precision(network, dtype)
            copy.name = f"target_{target}_{dtype}"
            parts.append(copy)
    return keras.Model(inputs, [part(inputs) for part in parts], name="copies")


class TargetPairsObjective(ParityObjective):
    """Loss of the four copies, and distances between them divided by the norm of the initial weights.

    The distances are:

    - drift: between the copies for the two targets, in each precision;
    - rounding: between the two precisions, for the first target;
    - travel: from the initial weights, for the first target in float64.

    Args:
        *arguments: Arguments of `ParityObjective`.
        **settings: Arguments of `ParityObjective`.
    """

    metrics = ("drift_float32", "drift_float64", "rounding", "travel", "accuracy")

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.other_mask = tf.Variable(tf.zeros([self.n_words], tf.int32), trainable=False)
        self.coins = tf.Variable(False, trainable=False)
        self.initial = None

    def compare(self, other: np.ndarray, coins: bool, weights: list[np.ndarray]) -> None:
        """Set the second target and the initial weights.

        Args:
            other: Second target, 0/1, [n_features].
            coins: Replace the labels of both targets by fair coins, drawn for each sample; this is the control.
            weights: Initial weights of one copy.
        """
        self.other_mask.assign(pack(other))
        self.coins.assign(coins)
        if self.initial is None:
            self.initial = [tf.Variable(weight, dtype=tf.float64, trainable=False) for weight in weights]
        for variable, weight in zip(self.initial, weights, strict=True):
            variable.assign(weight)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return the sum of the copies' losses, so that each copy gets the gradient of its own loss; a float64 scalar.

        Args:
            model: The four copies.
            step: Training step, an int64 scalar.
        """
        bits = self.draw(self.batch, DATA, step)
        flips = coins([bits.shape[0], 2], self.seeds[NOISE], step)
        parities = tf.concat([self.label(bits), self.label(bits, self.other_mask)], 1)
        labels = tf.where(self.coins, flips, parities)
        scores = model(self.encode(bits), training=True)
        columns = [labels[:, :1], labels[:, 1:]] * len(PRECISIONS)
        parts = (self.loss_of(tf.cast(y, p.dtype), p) for y, p in zip(columns, scores, strict=True))
        return tf.add_n([tf.cast(part, tf.float64) for part in parts])

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return the distances and the accuracy for the first target (float64) after this step, float32 [5].

        Args:
            model: The four copies.
            step: Training step, an int64 scalar.
        """
        first_32, second_32, first_64, second_64 = (part.trainable_variables for part in _parts(model))
        norm = _distance(self.initial, [tf.zeros_like(weight) for weight in self.initial])
        distances = (
            _distance(first_32, second_32),
            _distance(first_64, second_64),
            _distance(first_32, first_64),
            _distance(first_64, self.initial),
        )
        inputs, labels = self.sample(self.evaluation, EVALUATION, step)
        accuracy = losses.accuracy(tf.cast(labels, tf.float64), model(inputs, training=False)[2])
        return tf.stack([*(tf.cast(distance / norm, tf.float32) for distance in distances), accuracy])


def _parts(model: keras.Model) -> list[keras.Model]:
    """Return the four copies of the model."""
    return [layer for layer in model.layers if isinstance(layer, keras.Model)]


def _distance(first: list, second: list) -> tf.Tensor:
    """Return the Euclidean distance between two lists of weights, a float64 scalar."""
    pairs = zip(first, second, strict=True)
    return tf.sqrt(tf.add_n([tf.reduce_sum((tf.cast(a, tf.float64) - tf.cast(b, tf.float64)) ** 2) for a, b in pairs]))
