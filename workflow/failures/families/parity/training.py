"""Training of a learner on parity targets: choose the objective and the network by kind of problem."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine import learners
from failures.engine.seeding import DATA, EVALUATION, INIT, NOISE, Streams
from failures.engine.training import Schedule, Trainer
from failures.families.parity.objective import ParityObjective, StatisticalQueriesObjective
from failures.families.parity.objectives.mixed_inputs import MixedObjective
from failures.families.parity.objectives.prefix_labels import PrefixLabelsObjective, stages
from failures.families.parity.objectives.target_pairs import TargetPairsObjective, copies
from failures.families.parity.problem import parse_target

OBJECTIVES = {
    "targets": ParityObjective,
    "statistical_queries": StatisticalQueriesObjective,
    "target_pairs": TargetPairsObjective,
    "mixed": MixedObjective,
    "prefix_labels": PrefixLabelsObjective,
}

# Largest depth of normalised networks that XLA compiles; 64 hidden layers take 1.8 GB and up to two minutes.
DEEPEST_NORMALISED = 32


class Training:
    """One learner on one problem; `begin` starts a trial (see `failures.engine.blocks`).

    Args:
        problem: Validated block of `parity.problems`, with its `stream`.
        learner: Validated block of `parity.learners`, with its `stream`.
    """

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any]):
        self.streams, self.learner = Streams("parity", problem["stream"]), learner
        self.n_features, self.kind = problem["n_features"], problem["kind"]
        batch = "cube" if problem["samples"] == "cube" else learner["batch_size"]
        self.objective = OBJECTIVES[self.kind](
            self.n_features, problem["encoding"], learner["loss"], batch, problem["evaluation"]
        )
        schedule = Schedule(*(problem[key] for key in ("n_steps", "evaluate_every", "checkpoint_every", "snapshots")))
        optimizer = learners.optimizer(learner["optimizer"])
        xla = _pays_to_compile(self.kind, learner)
        self.trainer = Trainer(self._model(self._network("template")), self.objective, optimizer, schedule, xla)

    def begin(self, trial: Any) -> None:
        """Set target, random streams and initial weights of a trial.

        All learners train on the same samples of a trial. Each is evaluated on samples of its own, because tests
        between learners require independent errors.

        Args:
            trial: Row of the table of `failures.families.parity.problem.draw_instances`.
        """
        seeds = {purpose: self.streams.seed(trial.trial, purpose) for purpose in (DATA, NOISE)}
        seeds[EVALUATION] = self.streams.seed(trial.trial, EVALUATION, self.learner["stream"])
        self.objective.assign(parse_target(trial.target), seeds)
        network = self._network(trial.trial)
        if self.kind == "target_pairs":
            self.objective.compare(parse_target(trial.other), trial.labels == "coins", network.get_weights())
        elif self.kind == "statistical_queries":
            self.objective.noise.assign(trial.noise)
            self.objective.tolerance.assign(trial.tolerance)
        self.trainer.restart(self._model(network).get_weights())

    def _model(self, network: keras.Model) -> keras.Model:
        return copies(network) if self.kind == "target_pairs" else network

    def _network(self, trial: str) -> keras.Model:
        """Build a network with the initial weights of a trial."""
        stream = self.streams.key(trial, INIT, self.learner["stream"])
        build = stages if self.kind == "prefix_labels" else learners.network
        return build(self.n_features, self.learner, *stream)


def _pays_to_compile(kind: str, learner: dict[str, Any]) -> bool:
    """Return whether XLA saves time (docs/decisions/engine.md); the kind `target_pairs` has too few steps."""
    too_deep = learner["normalization"] == "layer" and learner["depth"] > DEEPEST_NORMALISED
    return kind != "target_pairs" and learner["architecture"] != "convolutional" and not too_deep
