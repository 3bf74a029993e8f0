"""Portfolio objective: batches, both gradient estimators, and exact evaluation (section 3, Figure 4).

The inputs are unit vectors, so a product with the weights selects a row. No tensor of shape [batch, d] is created.

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
    """Loss and evaluation of one labelling.

    `assign` changes labels and random streams without a new graph.

    Args:
        n_features: Number of states of the market, d.
        n_stocks: Number of stocks, k.
        method: `end_to_end` or `decomposition`.
        batch_size: Samples per step.
        evaluation: Fresh samples per sampled metric.
    """

    metrics = (
        *("loss", "sampled_loss", "wrong", "moment_end_to_end", "moment_decomposition"),
        *("sampled_moment_end_to_end", "sampled_moment_decomposition"),
    )

    def __init__(self, n_features: int, n_stocks: int, method: str, batch_size: int, evaluation: int):
        self.n_features, self.n_stocks, self.method = n_features, n_stocks, method
        self.batch_size, self.evaluation = batch_size, evaluation
        self.labels = tf.Variable(tf.zeros([n_features], tf.int64), trainable=False)
        self.data_seed = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.evaluation_seed = tf.Variable(0, dtype=tf.int64, trainable=False)

    def assign(self, labels: np.ndarray, data_seed: int, evaluation_seed: int) -> None:
        """Set the labels y, integers [n_features], and the seeds of both random streams."""
        self.labels.assign(labels)
        self.data_seed.assign(data_seed)
        self.evaluation_seed.assign(evaluation_seed)

    def sample(self, n: int, seed: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw states and return the stocks that rise in them.

        Args:
            n: Number of states.
            seed: Seed of the random stream, int64 scalar.
            step: Step of the random stream, int64 scalar.

        Returns:
            Indices of the states, int32 [n], and of the stocks, int64 [n].
        """
        states = integers(n, self.n_features, seed, step)
        return states, tf.gather(self.labels, states)

    def rewards(self, stocks: tf.Tensor, seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Draw rewards: 1 for the stocks that rise, fair coins -1 or 1 for all others.

        Args:
            stocks: Indices of the stocks that rise, int64 [n].
            seed: Seed of the random stream, int64 scalar.
            step: Step of the random stream, int64 scalar.

        Returns:
            Rewards z, float32 [n, n_stocks].
        """
        others = coins([stocks.shape[0], self.n_stocks], seed, -1 - step)
        return tf.where(tf.range(self.n_stocks, dtype=tf.int64) == stocks[:, None], 1.0, others)

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the mean of -<z, p> (`end_to_end`) or -p_y (`decomposition`) over the batch of a step."""
        states, stocks = self.sample(self.batch_size, self.data_seed, step)
        portfolio = tf.nn.softmax(logits(model, states))
        if self.method == "decomposition":
            return -tf.reduce_mean(tf.gather(portfolio, stocks, batch_dims=1))
        rewards = self.rewards(stocks, self.data_seed, step)
        return -tf.reduce_sum(rewards * portfolio) / self.batch_size

    def transform_gradients(self, gradients: list[tf.Tensor], step: tf.Tensor) -> list[tf.Tensor]:
        """Convert the gradients to dense tensors; the gradient of selected rows is sparse."""
        return [tf.convert_to_tensor(gradient) for gradient in gradients]

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the metrics; exact metrics in float64."""
        portfolio = tf.nn.softmax(tf.cast(logits(model), tf.float64))
        right = tf.gather(portfolio, self.labels, batch_dims=1)
        wrong = (portfolio > 0.5) & (tf.range(self.n_stocks, dtype=tf.int64) != self.labels[:, None])
        exact = [-tf.reduce_mean(right), tf.reduce_mean(tf.reduce_sum(tf.cast(wrong, tf.float64), 1))]
        energies = gradient_energies(portfolio)
        moments = [tf.reduce_sum(energies, 1), tf.gather(energies, self.labels, batch_dims=1)]
        (loss, wrong), (sampled_loss, *sampled_moments) = exact, self._sampled(model, step)
        values = [loss, sampled_loss, wrong, *map(tf.reduce_mean, moments), *sampled_moments]
        return tf.cast(tf.stack(values), tf.float32)

    def _sampled(self, model: keras.Model, step: tf.Tensor) -> list[tf.Tensor]:
        """Compute the loss and the second moments of both estimators on fresh samples, by automatic differentiation."""
        states, stocks = self.sample(self.evaluation, self.evaluation_seed, step)
        rewards = tf.cast(self.rewards(stocks, self.evaluation_seed, step), tf.float64)
        scores = tf.cast(logits(model, states), tf.float64)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(scores)
            portfolio = tf.nn.softmax(scores)
            losses = [-tf.reduce_sum(rewards * portfolio), -tf.reduce_sum(tf.gather(portfolio, stocks, batch_dims=1))]
        # Row i of a gradient belongs to sample i. The factor ||x||^2 + 1 = 2 accounts for weights and biases.
        moments = [2 * tf.reduce_sum(tape.gradient(loss, scores) ** 2) / self.evaluation for loss in losses]
        return [losses[0] / self.evaluation, *moments]


def logits(model: keras.Model, states: tf.Tensor | None = None) -> tf.Tensor:
    """Return W x + b for states.

    Args:
        model: Model of `failures.families.portfolio.training.network`.
        states: Indices of the states, [n]; None selects all.

    Returns:
        Logits, float32 [n or n_features, n_stocks].
    """
    layer = model.get_layer("logits")
    kernel = layer.kernel.value
    return (kernel if states is None else tf.gather(kernel, states)) + layer.bias


def gradient_energies(portfolio: tf.Tensor) -> tf.Tensor:
    """Compute ||grad p_i||^2 of every component i of p = softmax(W x + b) with respect to W and b, for ||x|| = 1.

    The derivative of p_i with respect to the logits is p_i (e_i - p), so the result is 2 p_i^2 (1 - 2 p_i + ||p||^2).
    It is computed from (1 - p_i)^2, which loses fewer digits if p_i is close to 1.

    Args:
        portfolio: Portfolios p, [n, k].

    Returns:
        Squared norms, [n, k].
    """
    others = tf.reduce_sum(portfolio**2, axis=1, keepdims=True) - portfolio**2
    return 2 * portfolio**2 * ((1 - portfolio) ** 2 + others)
