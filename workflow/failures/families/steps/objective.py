"""Steps objective: batches, the loss per kind of learner, and evaluation (section 5, Figure 7).

Metrics:
    unexplained: unexplained variance
    absolute: mean absolute error
    exact: share of predictions whose nearest step is the correct one
    exact_near: the same share, over samples within 0.1 standard deviations of r from a boundary between steps
    exact_by_u: share of samples with u(⟨w, x⟩ + b) = y; for other learners, `exact`
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from failures.engine.sampling import normal
from failures.engine.training import Objective
from failures.families.steps.problem import OFFSETS, values

# A sample is near a boundary if it lies within this share of the standard deviation of r.
NEAR = 0.1


class StepObjective(Objective):
    """Loss and evaluation of one target.

    `assign` changes target and random streams without a new graph.

    Args:
        n_features: Input dimension, d.
        input_scale: Standard deviation of each input.
        evaluation: Fresh samples per evaluation.
        learner: Validated block of `steps.learners`.
    """

    metrics = ("unexplained", "absolute", "exact", "exact_near", "exact_by_u")

    def __init__(self, n_features: int, input_scale: float, evaluation: int, learner: dict[str, Any]):
        self.n_features, self.input_scale, self.evaluation, self.learner = n_features, input_scale, evaluation, learner
        self.direction = tf.Variable(tf.zeros([n_features, 1]), trainable=False)
        self.bias = tf.Variable(0.0, trainable=False)
        self.steps = tf.Variable(tf.zeros([len(OFFSETS)]), trainable=False)
        self.data_seed = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.evaluation_seed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def assign(self, direction: np.ndarray, bias: float, data_seed: int, evaluation_seed: int) -> None:
        """Set v*, [n_features], b* and the seeds of both random streams."""
        self.direction.assign(direction[:, None])
        self.bias.assign(bias)
        self.steps.assign(values(bias))
        self.data_seed.assign(data_seed)
        self.evaluation_seed.assign(evaluation_seed)

    def sample(self, n: int, seed: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw inputs and compute r = <v*, x> + b*.

        Args:
            n: Number of samples.
            seed: Seed of the random stream, int64 scalar.
            step: Step of the random stream, int64 scalar.

        Returns:
            Inputs, float32 [n, n_features], and r, float32 [n, 1].
        """
        inputs = self.input_scale * normal([n, self.n_features], seed, step)
        return inputs, _times_column(inputs, self.direction.value()) + self.bias

    def index(self, r: tf.Tensor) -> tf.Tensor:
        """Return the index of the step that r lies on, [n, 1] -> int32 [n, 1]."""
        positions = tf.searchsorted(self.steps.value(), tf.reshape(r, [-1]), side="right")
        return tf.maximum(positions - 1, 0)[:, None]

    def step_function(self, r: tf.Tensor) -> tf.Tensor:
        """Compute u(r), of the shape of r [n, 1], with the gradient 0."""

        @tf.custom_gradient
        def flat(r: tf.Tensor):
            return tf.gather(self.steps.value(), self.index(r)), tf.zeros_like

        return flat(r)

    def smooth_steps(self, r: tf.Tensor) -> tf.Tensor:
        """Compute ũ(r), of the shape of r [n, 1] (`failures.families.steps.problem.smooth_steps`)."""
        heights = self.steps[1:] - self.steps[:-1]
        slopes = self.learner["slope"] / (heights if self.learner["relative"] else 1.0)
        inside = slopes * (r - self.steps[1:] + self.learner["shift"] * heights)
        return self.steps[0] + tf.sigmoid(inside) @ heights[:, None]

    def outputs(self, model: keras.Model, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        """Compute the outputs of the model; those of an affine map without its layer, for speed (`_times_column`).

        Args:
            model: Model of `failures.families.steps.training.network`.
            inputs: Inputs, [n, n_features].
            training: Whether the model is called in training mode.

        Returns:
            Outputs, [n, outputs].
        """
        first = model.layers[1]
        if len(model.layers) > 2 or first.units > 1:
            return model(inputs, training=training)
        return _times_column(inputs, first.kernel.value) + first.bias.value

    def predict(self, model: keras.Model, inputs: tf.Tensor) -> tf.Tensor:
        """Compute the predictions of a learner.

        Args:
            model: Model of `failures.families.steps.training.network`.
            inputs: Inputs, [n, n_features].

        Returns:
            Predictions, [n, 1].
        """
        outputs = self.outputs(model, inputs, training=False)
        match self.learner["kind"]:
            case "end_to_end":
                return outputs
            case "multiclass":
                chosen = tf.argmax(outputs[:, : len(OFFSETS)], axis=1)
                return tf.gather(self.steps.value(), chosen)[:, None]
            case "non_flat":
                return self.smooth_steps(outputs)
        return self.step_function(outputs)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the loss of the batch of a step: squared error, or cross-entropy for `multiclass`.

        Forward-only training replaces u' by 1 in the gradient.
        """
        inputs, r = self.sample(self.learner["batch_size"], self.data_seed, step)
        outputs, labels = self.outputs(model, inputs, training=True), self.step_function(r)
        match self.learner["kind"]:
            case "multiclass":
                classes = self.index(r)[:, 0]
                return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(classes, outputs))
            case "non_flat":
                outputs = self.smooth_steps(outputs)
            case "flat":
                outputs = self.step_function(outputs)
            case "forward_only":
                outputs = outputs + tf.stop_gradient(self.step_function(outputs) - outputs)
        return tf.reduce_mean((outputs - labels) ** 2)

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the metrics on fresh samples."""
        inputs, r = self.sample(self.evaluation, self.evaluation_seed, step)
        labels, predictions = self.step_function(r), self.predict(model, inputs)
        error = predictions - labels
        middle = (self.steps[1:] + self.steps[:-1]) / 2
        nearest = tf.gather(self.steps.value(), tf.searchsorted(middle, tf.reshape(predictions, [-1])))[:, None]
        exact = tf.cast(nearest == labels, tf.float32)
        distance = tf.reduce_min(tf.abs(r - self.steps[1:]), axis=1, keepdims=True)
        near = tf.cast(distance < NEAR * self.input_scale * tf.norm(self.direction), tf.float32)
        by_u = exact
        if self.learner["kind"] in ("non_flat", "forward_only", "flat"):
            by_u = tf.cast(self.step_function(self.outputs(model, inputs, training=False)) == labels, tf.float32)
        return tf.stack(
            [
                tf.reduce_mean(error**2) / tf.math.reduce_variance(labels),
                tf.reduce_mean(tf.abs(error)),
                tf.reduce_mean(exact),
                tf.math.divide_no_nan(tf.reduce_sum(near * exact), tf.reduce_sum(near)),
                tf.reduce_mean(by_u),
            ]
        )


def _times_column(inputs: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
    """Return the product of inputs [n, d] and a column [d, 1], computed with a second column of zeros.

    XLA merges a product of a matrix and a vector with the operations that compute the matrix. It would then draw the
    inputs again in each product, and in the gradient one by one.
    """
    rows = tf.pad(tf.transpose(column), [[0, 1], [0, 0]])
    return tf.matmul(inputs, rows, transpose_b=True)[:, :1]
