"""Training of a learner on lines (section 3.1)."""

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
    """One learner on one problem; `begin` starts the run of a trial (see `failures.engine.blocks`).

    Args:
        problem: Validated block of `lines.problems`.
        learner: Validated block of `lines.learners`.
        pool: File of the training images. None draws images that suffice for one pass over the tuples.
    """

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any], pool: Path | None = None):
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
        # The number of active cells depends on the images; XLA requires static shapes.
        self.trainer = Trainer(self._network("template"), self.objective, optimizer, schedule, xla=False)

    def begin(self, trial: Any) -> None:
        """Set the trainer's tuples and initial weights to those of a trial.

        All learners of a replicate have the same training tuples, test tuples and initial weights.

        Args:
            trial: Row of `failures.families.lines.problem.draw_instances`.
        """
        self.objective.assign(trial.start)
        self.trainer.restart(self._network(trial.seed).get_weights())

    def _network(self, seed: int | str) -> keras.Model:
        return network(self.tuple_length, *self.streams.key(seed, INIT), blocks=self.blocks)


def held_out_images(n: int, conventions: str) -> np.ndarray:
    """Draw images that are never used for training.

    Args:
        n: Number of images; a smaller set is the beginning of a larger one.
        conventions: `scripts` or `text`.

    Returns:
        Packed images, int32 [n, 29].
    """
    return draw_images(n, conventions, generator("lines", "pool", EVALUATION))
