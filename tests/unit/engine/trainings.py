"""A small training of a parity, shared by the tests of the engine."""

import pytest

from failures.config.types import Learner, Optimizer
from failures.engine.training import run
from failures.families.parity.config import Problem
from failures.families.parity.problem import draw_instances
from failures.families.parity.training import Training
from failures.runtime.progress import Progress

PROBLEM = Problem(
    n_features=6, encoding="signed", n_steps=60, evaluate_every=7, evaluation=50, checkpoint_every=14, stream="test"
).model_dump()

LEARNER = Learner(batch_size=16, stream="relu", optimizer=Optimizer(learning_rate=0.05)).model_dump()

# With XLA a loop compiles for seconds, without it for a fraction of a second.
COMPILED = pytest.mark.parametrize("xla", [False, pytest.param(True, marks=pytest.mark.slow)])

ADAM = {"name": "Adam", "learning_rate": 0.01, "arguments": {}}


def instance(row):
    return list(draw_instances("test", PROBLEM["n_features"], "random", [0, 1], "uniform").itertuples(index=False))[row]


def begun(problem=PROBLEM, learner=LEARNER, row=0, xla=False):
    training = Training(problem, learner)
    training.trainer.xla = training.trainer.xla and xla
    training.begin(instance(row))
    return training


def finished(training, checkpoint=None, identity="same"):
    return run(training.trainer, checkpoint, identity, Progress("test", 60))
