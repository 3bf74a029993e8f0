"""Training of a learner on a portfolio (section 3, Figure 4)."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine import layers, learners
from failures.engine.seeding import DATA, EVALUATION, INIT, Streams
from failures.engine.training import Schedule, Trainer
from failures.families.portfolio.objective import PortfolioObjective
from failures.families.portfolio.problem import parse_labels


class Training:
    """One learner on one problem; `begin` starts the run of a trial (see `failures.engine.blocks`).

    Args:
        problem: Validated block of `portfolio.problems`.
        learner: Validated block of `portfolio.learners`.
    """

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any]):
        self.streams = Streams("portfolio", problem["stream"])
        self.n_features, self.n_stocks = problem["n_features"], problem["n_stocks"]
        self.objective = PortfolioObjective(
            self.n_features, self.n_stocks, learner["method"], learner["batch_size"], problem["evaluation"]
        )
        schedule = Schedule(problem["n_steps"], problem["evaluate_every"], problem["checkpoint_every"])
        optimizer = learners.optimizer(learner["optimizer"])
        template = network(self.n_features, self.n_stocks, *self.streams.key("template", INIT))
        self.trainer = Trainer(template, self.objective, optimizer, schedule)

    def begin(self, trial: Any) -> None:
        """Set the trainer's labels, random streams and initial weights to those of a trial.

        All learners of a replicate share initial weights, states and rewards; the methods differ in the gradient only.

        Args:
            trial: Row of `failures.families.portfolio.problem.draw_instances`.
        """
        seeds = (self.streams.seed(trial.seed, purpose) for purpose in (DATA, EVALUATION))
        self.objective.assign(parse_labels(trial.labels), *seeds)
        self.trainer.restart(network(self.n_features, self.n_stocks, *self.streams.key(trial.seed, INIT)).get_weights())


def network(n_features: int, n_stocks: int, *path: str | int) -> keras.Model:
    """Build the portfolio softmax(W x + b).

    Args:
        n_features: Number of states, d.
        n_stocks: Number of stocks, k.
        *path: Name of the random stream of the weights.

    Returns:
        A model [batch, n_features] -> [batch, n_stocks].
    """
    inputs = keras.Input((n_features,), name="state")
    weights = layers.initializer(n_features, *path)
    hidden = keras.layers.Dense(n_stocks, kernel_initializer=weights, name="logits")(inputs)
    return keras.Model(inputs, keras.layers.Softmax(name="portfolio")(hidden), name="learner")
