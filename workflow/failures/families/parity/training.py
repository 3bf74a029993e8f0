"""How a learner is trained on parity targets."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine import learners
from failures.engine.seeding import DATA, EVALUATION, INIT, NOISE, Streams
from failures.engine.training import Schedule, Trainer
from failures.families.parity.objective import ParityObjective, QueryObjective
from failures.families.parity.objectives.mixed_inputs import MixedObjective
from failures.families.parity.objectives.prefix_labels import PrefixLabelsObjective, stages
from failures.families.parity.objectives.target_pairs import TargetPairsObjective, copies
from failures.families.parity.problem import parse_target

OBJECTIVES = {
    "targets": ParityObjective,
    "statistical_queries": QueryObjective,
    "target_pairs": TargetPairsObjective,
    "mixed": MixedObjective,
    "prefix_labels": PrefixLabelsObjective,
}

# Hidden layers with normalisation that XLA compiles: for 64 it takes 1.8 GB and up to two minutes.
DEEPEST_NORMALISED = 32


class Training:
    """One learner on one problem; `begin` starts the run of a trial (see `failures.engine.blocks`)."""

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any]):
        """problem, learner: validated blocks of `parity.problems` and `parity.learners`."""
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
        """Give the trainer the target, the random streams and fresh weights of a trial.

        trial: a row of `failures.families.parity.problem.draw_instances`. Learners train on the same samples of an
        trial, but are evaluated on samples of their own: tests between them need independent errors.
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

    def _network(self, instance_name: str) -> keras.Model:
        stream = self.streams.key(instance_name, INIT, self.learner["stream"])
        build = stages if self.kind == "prefix_labels" else learners.network
        return build(self.n_features, self.learner, *stream)


def _pays_to_compile(kind: str, learner: dict[str, Any]) -> bool:
    """Whether XLA is worth its time and memory (docs/decisions/engine.md); comparisons have too few steps."""
    many = learner["normalization"] == "layer" and learner["depth"] > DEEPEST_NORMALISED
    return kind != "target_pairs" and learner["architecture"] != "convolutional" and not many
