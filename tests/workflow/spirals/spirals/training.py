"""Training on two spirals."""

from __future__ import annotations

from typing import Any

from failures.engine import learners
from failures.engine.seeding import DATA, INIT, Streams
from failures.engine.training import Schedule, Trainer
from failures.families.spirals.objective import SpiralObjective


class Training:
    """Training of one learner on one problem (see `failures.engine.blocks`)."""

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any]):
        """Args: problem, learner: validated blocks of `spirals.problems` and `spirals.learners`."""
        self.streams, self.learner = Streams("spirals", problem["stream"]), learner
        self.objective = SpiralObjective(problem["n_turns"], learner["batch_size"])
        schedule = Schedule(problem["n_steps"], problem["evaluate_every"], problem["checkpoint_every"])
        optimizer = learners.optimizer(learner["optimizer"])
        self.trainer = Trainer(self._network("template"), self.objective, optimizer, schedule)

    def begin(self, trial: Any) -> None:
        """Set the angle, the random streams and the initial weights of a trial, a row of the instances."""
        self.objective.angle.assign(trial.angle)
        self.objective.seed.assign(self.streams.seed(trial.seed, DATA))
        self.trainer.restart(self._network(trial.seed).get_weights())

    def _network(self, seed: int | str):
        return learners.network(2, self.learner, *self.streams.key(seed, INIT, self.learner["stream"]))
