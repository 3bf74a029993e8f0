"""How a learner is trained on lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from failures.engine import learners
from failures.engine.seeding import EVALUATION, INIT, Streams, generator
from failures.engine.training import Schedule, Trainer
from failures.families.lines.networks import learner as network
from failures.families.lines.objective import LinesObjective
from failures.families.lines.problem import draw_images


class Training:
    """One learner on one problem; `begin` starts the run of a trial (see `failures.engine.blocks`)."""

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any], pool: Path | None = None):
        """problem, learner: validated blocks of `lines.problems` and `lines.learners`. pool: file of the training
        images; without it, some are drawn that suffice for one pass over the tuples."""
        self.streams, self.tuple_length = Streams("lines", problem["stream"]), problem["tuple_length"]
        self.blocks = learner.get("blocks", 0)
        conventions, n_images = learner["conventions"], problem["n_tuples"] * self.tuple_length
        train = draw_images(n_images, conventions, generator("lines", "pool")) if pool is None else np.load(pool)
        test = held_out_images(problem["evaluation"] * self.tuple_length, conventions)
        self.objective = LinesObjective(train, test, problem["n_tuples"], self.tuple_length, learner)
        n_steps = min(problem["n_steps"], learner["n_steps"] or problem["n_steps"])
        schedule = Schedule(
            n_steps, problem["evaluate_every"], problem["checkpoint_every"], tuple(problem["snapshots"])
        )
        optimizer = learners.optimizer(learner["optimizer"])
        # Which cells are active, and how many, depends on the images: no work for XLA.
        self.trainer = Trainer(self._network("template"), self.objective, optimizer, schedule, xla=False)

    def begin(self, trial: Any) -> None:
        """Give the trainer the tuples and fresh weights of a trial.

        trial: a row of `failures.families.lines.problem.draw_instances`. All learners of a replicate have the same tuples,
        test tuples and initial weights.
        """
        self.objective.assign(trial.start)
        self.trainer.restart(self._network(trial.seed).get_weights())

    def _network(self, seed: int | str) -> keras.Model:
        return network(self.tuple_length, *self.streams.key(seed, INIT), blocks=self.blocks)


def held_out_images(n: int, conventions: str) -> np.ndarray:
    """Packed images that nothing is trained on, int32 [n, 29]; fewer are the beginning of more."""
    return draw_images(n, conventions, generator("lines", "pool", EVALUATION))
