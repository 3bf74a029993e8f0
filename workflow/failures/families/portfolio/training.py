"""How a learner is trained on a portfolio."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine import layers, learners
from failures.engine.seeding import DATA, EVALUATION, INIT, Streams
from failures.engine.training import Schedule, Trainer
from failures.families.portfolio.objective import PortfolioObjective
from failures.families.portfolio.problem import parse_labels


class Training:
    """One learner on one problem; `begin` starts the run of a trial (see `failures.engine.blocks`)."""

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any]):
        """problem, learner: validated blocks of `portfolio.problems` and `portfolio.learners`."""
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
        """Give the trainer the labels, the random streams and fresh weights of a trial.

        trial: a row of `failures.families.portfolio.problem.draw_instances`. All learners of a replicate share
        initial weights, states and rewards: methods differ in the gradient alone.
        """
        seeds = (self.streams.seed(trial.seed, purpose) for purpose in (DATA, EVALUATION))
        self.objective.assign(parse_labels(trial.labels), *seeds)
        self.trainer.restart(network(self.n_features, self.n_stocks, *self.streams.key(trial.seed, INIT)).get_weights())


def network(n_features: int, n_stocks: int, *path: str | int) -> keras.Model:
    """The portfolio softmax(W x + b), [batch, n_features] -> [batch, n_stocks]; path: stream of the weights."""
    inputs = keras.Input((n_features,), name="state")
    weights = layers.initializer(n_features, *path)
    hidden = keras.layers.Dense(n_stocks, kernel_initializer=weights, name="logits")(inputs)
    return keras.Model(inputs, keras.layers.Softmax(name="portfolio")(hidden), name="learner")
