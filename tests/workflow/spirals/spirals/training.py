"""How a learner is trained on two spirals."""

from __future__ import annotations

from typing import Any

from failures.engine import learners
from failures.engine.seeding import DATA, INIT, derive
from failures.engine.training import Schedule, Trainer
from failures.families.spirals.objective import SpiralObjective


class Training:
    """One learner on one problem; `begin` starts the run of a trial."""

    def __init__(self, problem_name: str, problem: dict[str, Any], learner_name: str, learner: dict[str, Any]):
        self.stream, self.learner = ("spirals", problem_name), learner
        self.objective = SpiralObjective(problem["n_turns"], learner["batch_size"])
        schedule = Schedule(problem["n_steps"], problem["evaluate_every"], problem["checkpoint_every"])
        optimizer = learners.optimizer(learner["optimizer"])
        self.trainer = Trainer(self._network("template"), self.objective, optimizer, schedule)

    def begin(self, trial: Any) -> None:
        """Give the trainer the angle, the random stream and fresh weights of a trial."""
        self.objective.angle.assign(trial.angle)
        self.objective.seed.assign(derive(*self.stream, trial.seed, DATA))
        self.trainer.restart(self._network(trial.seed).get_weights())

    def _network(self, seed: int | str):
        return learners.network(2, self.learner, *self.stream, seed, INIT)
