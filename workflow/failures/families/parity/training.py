"""How a learner is trained on parity targets."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine import learners
from failures.engine.seeding import DATA, EVALUATION, INIT, NOISE, derive
from failures.engine.training import Schedule, Trainer
from failures.families.parity.objective import ParityObjective, QueryObjective
from failures.families.parity.objectives.mixed_inputs import MixedObjective
from failures.families.parity.objectives.prefix_labels import RunningObjective, stages
from failures.families.parity.objectives.target_pairs import ComparisonObjective, copies
from failures.families.parity.problem import parse_target

OBJECTIVES = {
    "targets": ParityObjective,
    "queries": QueryObjective,
    "comparison": ComparisonObjective,
    "mixed": MixedObjective,
    "running": RunningObjective,
}

# Hidden layers with normalisation that XLA compiles: for 64 it takes 1.8 GB and up to two minutes.
DEEPEST_NORMALISED = 32


class Training:
    """One learner on one problem; `begin` starts the run of an instance (see `failures.engine.blocks`)."""

    def __init__(self, problem_name: str, problem: dict[str, Any], learner_name: str, learner: dict[str, Any]):
        """problem, learner: validated blocks of `parity.problems` and `parity.learners`."""
        self.stream = ("parity", problem_name)
        self.learner_name, self.learner = learner_name, learner
        self.n_features, self.kind = problem["n_features"], problem["kind"]
        batch = "cube" if problem["samples"] == "cube" else learner["batch_size"]
        self.objective = OBJECTIVES[self.kind](
            self.n_features, problem["encoding"], learner["loss"], batch, problem["evaluation"]
        )
        schedule = Schedule(*(problem[key] for key in ("n_steps", "evaluate_every", "checkpoint_every", "snapshots")))
        optimizer = learners.optimizer(learner["optimizer"])
        xla = _pays_to_compile(self.kind, learner)
        self.trainer = Trainer(self._model(self._network("template")), self.objective, optimizer, schedule, xla)

    def begin(self, instance: Any) -> None:
        """Give the trainer the target, the random streams and fresh weights of an instance.

        instance: a row of `failures.families.parity.problem.draw_instances`. Learners train on the same samples of an
        instance, but are evaluated on samples of their own: tests between them need independent errors.
        """
        stream = (*self.stream, instance.instance)
        seeds = {DATA: derive(*stream, DATA), NOISE: derive(*stream, NOISE)}
        seeds[EVALUATION] = derive(*stream, EVALUATION, self.learner_name)
        self.objective.assign(parse_target(instance.target), seeds)
        network = self._network(instance.instance)
        if self.kind == "comparison":
            self.objective.compare(parse_target(instance.other), instance.labels == "coins", network.get_weights())
        elif self.kind == "queries":
            self.objective.noise.assign(instance.noise)
            self.objective.tolerance.assign(instance.tolerance)
        self.trainer.restart(self._model(network).get_weights())

    def _model(self, network: keras.Model) -> keras.Model:
        return copies(network) if self.kind == "comparison" else network

    def _network(self, instance_name: str) -> keras.Model:
        stream = (*self.stream, instance_name, INIT, self.learner_name)
        build = stages if self.kind == "running" else learners.network
        return build(self.n_features, self.learner, *stream)


def _pays_to_compile(kind: str, learner: dict[str, Any]) -> bool:
    """Whether XLA is worth its time and memory (docs/decisions/engine.md); comparisons have too few steps."""
    many = learner["normalization"] == "layer" and learner["depth"] > DEEPEST_NORMALISED
    return kind != "comparison" and learner["architecture"] != "convolutional" and not many
