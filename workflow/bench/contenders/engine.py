"""This project's engine."""

from failures.jobs import configure_tensorflow

configure_tensorflow(threads=1)

import numpy as np
import tensorflow as tf

from bench.worker import BATCH, EVALUATION, RATE, WINDOW
from failures.parity.problem import draw_instances
from failures.parity.training import Training


def make(d):
    """The engine on a parity of half the bits."""
    problem = {"n_features": d, "encoding": "signed", "evaluation": EVALUATION}
    problem |= {"n_steps": 10**9, "evaluate_every": WINDOW, "checkpoint_every": WINDOW}
    optimizer = {"name": "SGD", "learning_rate": RATE, "arguments": {}}
    learner = {"width": "10d", "depth": 1, "activation": "relu", "loss": "hinge", "batch_size": BATCH}
    training = Training("bench", problem, "relu", learner | {"optimizer": optimizer})
    training.begin(next(draw_instances("bench", d, [d // 2], [0], "code").itertuples()))
    trainer = training.trainer
    done = 0

    def train(windows):
        nonlocal done
        done += windows
        trainer.fit(tf.data.Dataset.from_tensor_slices(np.array([done])), shuffle=False, verbose=0)

    return train
