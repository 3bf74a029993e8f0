"""Plain Keras `fit` over batches from NumPy, as in the Keras guides; one call of `fit` per window.

The networks are those of this project, which are plain Keras models.
"""

import keras
import numpy as np
import tensorflow as tf

from benchmarks import adapters
from benchmarks.samples import sampler
from failures.engine import learners, losses


def make(row, arrays):
    """Return a function that fits a compiled model, and the number of weights."""
    samples, training = sampler(row, arrays), adapters.start_training(row)
    model = training.trainer.learner
    model.compile(learners.optimizer(row.learner["optimizer"]), _loss(row, training.objective), jit_compile=False)

    def shaped(inputs, labels):
        if row.family == "lines":
            inputs = inputs.reshape(len(labels), -1, *inputs.shape[1:])
        if row.family == "curves" and row.learner["architecture"] == "convolution":
            # The layers extract patches themselves, so restore the curves.
            inputs = np.concatenate([inputs[:, 0, :0:-1], inputs[:, :, 0]], axis=1)
            labels = np.pad(labels, ((0, 0), (2, 0)))
        return inputs, labels

    def train(windows):
        for _ in range(windows):
            inputs, labels = shaped(*samples.training(row.every * row.batch))
            model.fit(inputs, labels, batch_size=row.batch, shuffle=False, verbose=0)
            inputs, labels = shaped(*samples.evaluation())
            loss = model.evaluate(inputs, labels, batch_size=len(labels), verbose=0)
        return loss

    return train, sum(int(np.prod(weight.shape)) for weight in model.trainable_variables)


def _loss(row, objective):
    match row.family, row.learner.get("kind", row.learner.get("architecture")):
        case (("parity" | "lines"), _):
            return losses.hinge
        case "portfolio", _:
            return lambda rewards, portfolio: -tf.reduce_sum(rewards * portfolio, axis=1)
        case "curves", "linear":
            return lambda targets, outputs: tf.reduce_sum((outputs - targets) ** 2, axis=1)
        case "steps", "multiclass":
            return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        case "steps", "non_flat":
            return lambda labels, outputs: (objective.smooth_steps(outputs) - labels) ** 2
        case "steps", "forward_only":
            return lambda labels, r: (r + tf.stop_gradient(objective.step_function(r) - r) - labels) ** 2
    return "mean_squared_error"
