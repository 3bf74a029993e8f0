"""Training of a learner on linear-periodic targets (section 2, Theorem 2)."""

from __future__ import annotations

from typing import Any

from failures.engine import learners
from failures.engine.seeding import DATA, EVALUATION, INIT, Streams
from failures.engine.training import Schedule, Trainer
from failures.families.periodic.objective import PeriodicObjective
from failures.families.periodic.problem import parse_direction


class Training:
    """One learner on one problem; `begin` starts the run of a trial (see `failures.engine.blocks`).

    Args:
        problem: Validated block of `periodic.problems`.
        learner: Validated block of `periodic.learners`.
    """

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any]):
        self.streams, self.learner = Streams("periodic", problem["stream"]), learner
        self.n_features = problem["n_features"]
        self.objective = PeriodicObjective(self.n_features, learner["batch_size"], problem["evaluation"])
        schedule = Schedule(problem["n_steps"], problem["evaluate_every"], problem["checkpoint_every"])
        optimizer = learners.optimizer(learner["optimizer"])
        self.trainer = Trainer(self._network("template"), self.objective, optimizer, schedule)

    def begin(self, trial: Any) -> None:
        """Set the trainer's target, random streams and initial weights to those of a trial.

        All targets of a replicate share initial weights and inputs, so that only the labels differ.

        Args:
            trial: Row of `failures.families.periodic.problem.draw_instances`.
        """
        data_seed = self.streams.seed(trial.seed, DATA)
        evaluation_seed = self.streams.seed(trial.seed, EVALUATION)
        direction = parse_direction(trial.direction)
        self.objective.assign(direction, trial.norm, trial.wave, data_seed, evaluation_seed)
        self.trainer.restart(self._network(trial.seed).get_weights())

    def _network(self, seed: int | str):
        stream = self.streams.key(seed, INIT, self.learner["stream"])
        return learners.network(self.n_features, self.learner, *stream)
