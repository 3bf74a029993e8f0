"""The engine of this project: the Training classes, which run Keras `fit` over chunks of steps."""

import copy

import keras
import numpy as np
import tensorflow as tf

from benchmarks import adapters


def make(row, arrays):
    """Return the training of the engine, and the number of weights."""
    training = adapters.start_training(row)
    _evaluate_as_the_scripts(row, training.objective)
    trainer, done, last = training.trainer, 0, None
    chunk = -(-row.problem["checkpoint_every"] // row.every)

    def keep(batch, logs):
        nonlocal last
        last = logs["evaluations"][-1]

    def train(windows):
        nonlocal done
        callback = keras.callbacks.LambdaCallback(on_train_batch_end=keep)
        # Chunks are as long as in a run, where they end at checkpoints.
        ends = np.append(np.arange(done + chunk, done + windows, chunk), done + windows)
        done += windows
        trainer.train_to(ends, callback)
        return float(last[LOSS.get(row.family, 0)])

    return train, sum(int(np.prod(weight.shape)) for weight in trainer.learner.trainable_variables)


# Index of the loss among the metrics, for families that evaluate as the authors' scripts do.
LOSS = {"parity": 1, "lines": 1}


def _evaluate_as_the_scripts(row, objective):
    """Evaluate the loss alone, on fresh samples or the validation set.

    The other families evaluate more than the authors' scripts: exact losses over all states and second moments of both
    estimators (portfolio), errors of decoded curves (curves), five measures of accuracy (steps).
    """
    if row.family in LOSS:
        return
    twin = copy.copy(objective)
    match row.family:
        case "portfolio":
            twin.batch_size, twin.data_seed = objective.evaluation, objective.evaluation_seed
        case "steps":
            twin.learner = objective.learner | {"batch_size": objective.evaluation}
            twin.data_seed = objective.evaluation_seed
        case "curves":
            twin.sample = lambda step: tuple(variable.value() for variable in objective.validation)
    objective.metrics = ("loss",)
    objective.evaluate = lambda model, step: tf.stack([twin.loss(model, step)])
