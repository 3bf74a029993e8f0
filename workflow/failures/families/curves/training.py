"""Training of a learner on curves (section 4)."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine import learners
from failures.engine.seeding import DATA, INIT, Streams
from failures.engine.training import Schedule, Trainer
from failures.families.curves.networks import condition, network
from failures.families.curves.objective import CurveObjective
from failures.families.curves.problem import curve_set, decode


class Training:
    """One learner on one problem; `begin` starts the run of a trial (see `failures.engine.blocks`).

    Args:
        problem: Validated block of `curves.problems`.
        learner: Validated block of `curves.learners`.
    """

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any]):
        self.streams, self.problem, self.learner = Streams("curves", problem["stream"]), problem, learner
        self.objective = CurveObjective(
            problem["n_points"],
            max(problem["n_curves"]),
            problem["n_validation"],
            learner["architecture"],
            learner["batch_size"],
        )
        schedule = Schedule(
            problem["n_steps"], problem["evaluate_every"], problem["checkpoint_every"], tuple(problem["snapshots"])
        )
        optimizer = learners.optimizer(learner["optimizer"])
        self.trainer = Trainer(self._network("template"), self.objective, optimizer, schedule)

    def begin(self, trial: Any) -> None:
        """Set the trainer's curves, random stream and initial weights to those of a trial.

        The learners of a replicate share the curves and, if their batch sizes are equal, the order of the batches.

        Args:
            trial: Row of `failures.families.curves.problem.draw_instances`.
        """
        shape = (self.problem["n_points"], self.problem["n_pieces"], trial.distribution)
        sizes = (trial.n_curves, self.problem["n_validation"])
        training, validation = curve_set(self.streams, trial.seed, *shape, *sizes)
        self.objective.assign(training, validation, self.streams.seed(trial.seed, DATA))
        model = self._network(trial.seed)
        condition(model, decode(training))
        self.trainer.restart([variable.numpy() for variable in model.variables])

    def _network(self, seed: int | str) -> keras.Model:
        stream = self.streams.key(seed, INIT, self.learner["stream"])
        return network(self.problem["n_points"], self.problem["n_pieces"], self.learner, *stream)
