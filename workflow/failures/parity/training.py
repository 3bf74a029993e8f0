"""How a learner is trained on parity targets."""

from __future__ import annotations

from typing import Any

from failures import learners
from failures.parity.objective import ParityObjective
from failures.parity.problem import parse_target
from failures.seeding import DATA, EVALUATION, INIT, derive
from failures.training import Schedule, Trainer


class Training:
    """One learner on one problem; `begin` starts the run of an instance (see `failures.blocks`)."""

    def __init__(self, problem_name: str, problem: dict[str, Any], learner_name: str, learner: dict[str, Any]):
        """problem, learner: validated blocks of `parity.problems` and `parity.learners`."""
        self.stream = ("parity", problem_name)
        self.learner_name, self.learner = learner_name, learner
        self.n_features = problem["n_features"]
        self.objective = ParityObjective(
            self.n_features, problem["encoding"], learner["loss"], learner["batch_size"], problem["evaluation"]
        )
        schedule = Schedule(problem["n_steps"], problem["evaluate_every"], problem["checkpoint_every"])
        optimizer = learners.optimizer(learner["optimizer"])
        self.trainer = Trainer(self._network("template"), self.objective, optimizer, schedule)

    def begin(self, instance: Any) -> None:
        """Give the trainer the target, the random streams and fresh weights of an instance.

        instance: a row of `failures.parity.problem.draw_instances`. Learners share the data of an
        instance, so that they can be compared on the same samples.
        """
        data_seed = derive(*self.stream, instance.instance, DATA)
        evaluation_seed = derive(*self.stream, instance.instance, EVALUATION)
        self.objective.assign(parse_target(instance.target), data_seed, evaluation_seed)
        self.trainer.restart(self._network(instance.instance).get_weights())

    def _network(self, instance_name: str):
        stream = (*self.stream, instance_name, INIT, self.learner_name)
        return learners.fully_connected(self.n_features, self.learner, *stream)
