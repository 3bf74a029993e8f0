"""The portfolio inside TensorFlow's graph: batches drawn by step, both estimators of the gradient, exact evaluation.

The inputs are unit vectors, so a product with the weights is the choice of a row: nothing of size
[batch, d] is ever made.

Metrics:
    loss: expected loss -E p_y, exact
    sampled_loss: the same loss, estimated from samples
    wrong: share of the states with more than half of the money on one wrong stock
    moment_end_to_end, moment_decomposition: E ||g||² of the gradient estimator of each method, closed form
    sampled_moment_end_to_end, sampled_moment_decomposition: the same moments, estimated from samples
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from failures.engine.sampling import coins, integers
from failures.engine.training import Objective


class PortfolioObjective(Objective):
    """Loss and evaluation of one labelling; `assign` changes labels and streams, not the graph.

    `loss` is the exact expected loss -E_x p_y(x), `sampled_loss` its estimate from fresh samples and rewards,
    `wrong` the share of states with more than half of the money on one wrong stock. `moment_METHOD` is the
    exact E ||g||^2 of a single sample's gradient estimate, `sampled_moment_METHOD` its estimate.
    """

    metrics = (
        *("loss", "sampled_loss", "wrong", "moment_end_to_end", "moment_decomposition"),
        *("sampled_moment_end_to_end", "sampled_moment_decomposition"),
    )

    def __init__(self, n_features: int, n_stocks: int, method: str, batch_size: int, evaluation: int):
        """method: ``"end_to_end"`` or ``"decomposition"``. evaluation: fresh samples of a sampled value."""
        self.n_features, self.n_stocks, self.method = n_features, n_stocks, method
        self.batch_size, self.evaluation = batch_size, evaluation
        self.labels = tf.Variable(tf.zeros([n_features], tf.int64), trainable=False)
        self.data_seed = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.evaluation_seed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def assign(self, labels: np.ndarray, data_seed: int, evaluation_seed: int) -> None:
        """Set the labels y (integers [n_features]) and the seeds of both random streams."""
        self.labels.assign(labels)
        self.data_seed.assign(data_seed)
        self.evaluation_seed.assign(evaluation_seed)

    def sample(self, n: int, seed: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Indices of n states, int32 [n], and the stocks that rise there, int64 [n]."""
        states = integers(n, self.n_features, seed, step)
        return states, tf.gather(self.labels, states)

    def rewards(self, stocks: tf.Tensor, seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Rewards z, float32 [n, n_stocks]: 1 at the stocks [n], fair coins elsewhere."""
        others = coins([stocks.shape[0], self.n_stocks], seed, -1 - step)
        return tf.where(tf.range(self.n_stocks, dtype=tf.int64) == stocks[:, None], 1.0, others)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Mean of -<z, p> (end to end) or of -p_y (decomposition) over the batch of this step."""
        states, stocks = self.sample(self.batch_size, self.data_seed, step)
        portfolio = tf.nn.softmax(logits(model, states))
        if self.method == "decomposition":
            return -tf.reduce_mean(tf.gather(portfolio, stocks, batch_dims=1))
        rewards = self.rewards(stocks, self.data_seed, step)
        return -tf.reduce_sum(rewards * portfolio) / self.batch_size

    def transform_gradients(self, gradients: list[tf.Tensor], step: tf.Tensor) -> list[tf.Tensor]:
        """The gradients as dense tensors; that of the chosen rows comes as these rows alone."""
        return [tf.convert_to_tensor(gradient) for gradient in gradients]

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """The metrics after this step, in double precision where they are exact."""
        every = tf.cast(logits(model), tf.float64)
        portfolio = tf.nn.softmax(every)
        right = tf.gather(portfolio, self.labels, batch_dims=1)
        wrong = (portfolio > 0.5) & (tf.range(self.n_stocks, dtype=tf.int64) != self.labels[:, None])
        exact = [-tf.reduce_mean(right), tf.reduce_mean(tf.reduce_sum(tf.cast(wrong, tf.float64), 1))]
        energies = gradient_energies(portfolio)
        moments = [tf.reduce_sum(energies, 1), tf.gather(energies, self.labels, batch_dims=1)]
        (loss, wrong), (sampled_loss, *sampled_moments) = exact, self._sampled(model, step)
        values = [loss, sampled_loss, wrong, *map(tf.reduce_mean, moments), *sampled_moments]
        return tf.cast(tf.stack(values), tf.float32)

    def _sampled(self, model: keras.Model, step: tf.Tensor) -> list[tf.Tensor]:
        """Loss and second moments of both estimators on a fresh sample, by automatic differentiation."""
        states, stocks = self.sample(self.evaluation, self.evaluation_seed, step)
        rewards = tf.cast(self.rewards(stocks, self.evaluation_seed, step), tf.float64)
        scores = tf.cast(logits(model, states), tf.float64)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(scores)
            portfolio = tf.nn.softmax(scores)
            losses = [-tf.reduce_sum(rewards * portfolio), -tf.reduce_sum(tf.gather(portfolio, stocks, batch_dims=1))]
        # Row i of a gradient belongs to sample i; ||x||^2 + 1 = 2 takes it to weights and biases.
        moments = [2 * tf.reduce_sum(tape.gradient(loss, scores) ** 2) / self.evaluation for loss in losses]
        return [losses[0] / self.evaluation, *moments]


def logits(model: keras.Model, states: tf.Tensor | None = None) -> tf.Tensor:
    """W x + b at the states with these indices [n], or at all: float32 [n or n_features, n_stocks]."""
    layer = model.get_layer("logits")
    kernel = layer.kernel.value
    return (kernel if states is None else tf.gather(kernel, states)) + layer.bias


def gradient_energies(portfolio: tf.Tensor) -> tf.Tensor:
    """||grad N_i||^2 of every component i of softmax(W x + b) by W and b, for ||x|| = 1.

    The derivative of p_i by the logits is p_i (e_i - p), so that it is 2 p_i^2 (1 - 2 p_i + ||p||^2); written
    with (1 - p_i)^2, which loses fewer digits where p_i is close to 1. portfolio: [n, k]. Returns [n, k].
    """
    others = tf.reduce_sum(portfolio**2, axis=1, keepdims=True) - portfolio**2
    return 2 * portfolio**2 * ((1 - portfolio) ** 2 + others)
