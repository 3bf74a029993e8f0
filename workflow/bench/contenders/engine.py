"""This project's engine."""

from failures.jobs import configure_tensorflow

configure_tensorflow(threads=1)

import numpy as np
import tensorflow as tf

from bench.worker import BATCH, EVALUATION, RATE, WINDOW
from failures.parity.config import Problem
from failures.parity.problem import draw_instances
from failures.parity.training import Training
from failures.settings import Learner, Optimizer


def make(d):
    """The engine on a parity of half the bits."""
    problem = Problem(
        n_features=d,
        encoding="signed",
        evaluation=EVALUATION,
        n_steps=10**8,
        evaluate_every=WINDOW,
        checkpoint_every=WINDOW,
    )
    learner = Learner(batch_size=BATCH, optimizer=Optimizer(learning_rate=RATE))
    training = Training("bench", problem.model_dump(), "relu", learner.model_dump())
    training.begin(next(draw_instances("bench", d, [d // 2], [0], "code").itertuples()))
    trainer = training.trainer
    done = 0

    def train(windows):
        nonlocal done
        done += windows
        trainer.fit(tf.data.Dataset.from_tensor_slices(np.array([done])), shuffle=False, verbose=0)

    return train
