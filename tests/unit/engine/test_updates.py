"""Updates of the training loop, against plain NumPy and against Keras' own."""

import importlib.util
import inspect

import numpy as np
import pytest
import tensorflow as tf
from keras.src.backend.tensorflow.optimizer import TFOptimizer

from failures.config.types import OPTIMIZERS
from failures.engine.learners import optimizer
from failures.engine.seeding import DATA, EVALUATION
from unit.engine.trainings import ADAM, COMPILED, LEARNER, PROBLEM, begun, finished

MOMENTUM = {"name": "SGD", "learning_rate": 0.05, "arguments": {"momentum": 0.9}}

SCHEDULE_FREE = {"name": "ScheduleFreeAdamW", "learning_rate": 0.01, "arguments": {}}

# The gradient of the loss of one sample with respect to its score p, for a label y.
SLOPES = {
    "hinge": lambda y, p: -y * (y * p < 1),
    "square": lambda y, p: p - y,
    "logistic": lambda y, p: -y / (1 + np.exp(y * p)),
}


def numpy_gradients(weights, x, y, slope):
    """Gradients of the mean loss of a one-hidden-layer ReLU net, written out. weights: float64."""
    w1, b1, w2, b2 = weights
    before = x @ w1 + b1
    hidden = np.maximum(before, 0)
    delta = slope(y, hidden @ w2 + b2) / len(x)
    back = (delta @ w2.T) * (before > 0)
    return [x.T @ back, back.sum(0), hidden.T @ delta, delta.sum(0)]


def numpy_sgd(weights, gradients, state, step):
    return [w - 0.05 * g for w, g in zip(weights, gradients, strict=True)], state


def numpy_momentum(weights, gradients, state, step):
    state = state or [0.0] * len(weights)
    state = [0.9 * m - 0.05 * g for m, g in zip(state, gradients, strict=True)]
    return [w + m for w, m in zip(weights, state, strict=True)], state


def numpy_adam(weights, gradients, state, step):
    means, squares = state or ([0.0] * len(weights), [0.0] * len(weights))
    means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients, strict=True)]
    squares = [0.999 * v + 0.001 * g**2 for v, g in zip(squares, gradients, strict=True)]
    rate = 0.01 * np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
    return [w - rate * m / (np.sqrt(v) + 1e-7) for w, m, v in zip(weights, means, squares, strict=True)], (
        means,
        squares,
    )


def numpy_schedule_free(weights, gradients, state, step):
    """Defazio et al. 2024. (Keras' eager updates on TensorFlow see the new z where they mean the old one.)"""
    z, squares = state or (weights, [0.0] * len(weights))
    squares = [0.999 * v + 0.001 * g**2 for v, g in zip(squares, gradients, strict=True)]
    moves = [
        0.01 * g / (np.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-8) for g, v in zip(gradients, squares, strict=True)
    ]
    following = [a - move for a, move in zip(z, moves, strict=True)]
    means = [(y - 0.1 * a) / 0.9 for y, a in zip(weights, z, strict=True)]
    means = [x + (a - x) / (step + 1) for x, a in zip(means, following, strict=True)]
    return [0.1 * a + 0.9 * x for a, x in zip(following, means, strict=True)], (following, squares)


@COMPILED
@pytest.mark.parametrize("encoding", ["signed", "binary"])
@pytest.mark.parametrize(
    ("loss", "optimizer", "update"),
    [
        ("hinge", LEARNER["optimizer"], numpy_sgd),
        ("square", LEARNER["optimizer"], numpy_sgd),
        ("logistic", LEARNER["optimizer"], numpy_sgd),
        ("hinge", MOMENTUM, numpy_momentum),
        ("logistic", ADAM, numpy_adam),
        ("square", SCHEDULE_FREE, numpy_schedule_free),
    ],
)
def test_steps_are_those_of_plain_numpy(loss, optimizer, update, encoding, xla):
    problem = PROBLEM | {"n_steps": 4, "evaluate_every": 3, "encoding": encoding}
    training = begun(problem, LEARNER | {"loss": loss, "optimizer": optimizer}, xla=xla)
    objective, trainer = training.objective, training.trainer
    weights, state = [w.astype(np.float64) for w in trainer.learner.get_weights()], None
    for step in range(4):
        batch = objective.sample(16, DATA, tf.constant(step, tf.int64))
        x, y = (tensor.numpy().astype(np.float64) for tensor in batch)
        weights, state = update(weights, numpy_gradients(weights, x, y, SLOPES[loss]), state, step)
    result = finished(training)
    for ours, expected in zip(trainer.learner.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2e-5, atol=2e-6)
    # The last evaluation belongs to the last weights.
    x, y = (t.numpy() for t in objective.sample(50, EVALUATION, tf.constant(3, tf.int64)))
    scores = np.maximum(x @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
    assert result.values[-1, 0] == pytest.approx(np.mean(y * scores > 0))


# Optimisers of the configuration, and the others that it may name; Schedule-Free is compared with NumPy above.
USED = ["Adam", "Lion", "Muon", "SGD"]
OTHERS = sorted(set(OPTIMIZERS) - {"ScheduleFreeAdamW", *USED})


@pytest.fixture
def restore_keras(monkeypatch):
    """Give Keras' optimisers back what `failures.engine.workarounds` takes from them."""

    def restore():
        spec = importlib.util.spec_from_file_location("original", inspect.getfile(TFOptimizer))
        original = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(original)
        taken = {name: value for name, value in vars(original.TFOptimizer).items() if name not in vars(TFOptimizer)}
        assert "_backend_update_step" in taken
        for name, value in taken.items():
            monkeypatch.setattr(TFOptimizer, name, value, raising=False)

    return restore


@COMPILED
@pytest.mark.parametrize("name", [*USED, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_the_loop_makes_the_updates_of_keras(name, restore_keras, xla):
    """The loop updates the values that it carries as Keras updates variables in eager steps."""
    arguments = {"weight_decay": 0.01, "global_clipnorm": 0.5}
    settings = {"name": name, "learning_rate": 0.01, "arguments": arguments}
    training = begun(PROBLEM | {"n_steps": 5, "evaluate_every": 2}, LEARNER | {"optimizer": settings}, xla=xla)
    trainer, start = training.trainer, training.trainer.learner.get_weights()
    finished(training)
    found = trainer.learner.get_weights()
    assert int(trainer.optimizer.iterations) == 5
    trainer.learner.set_weights(start)
    restore_keras()
    eager = optimizer(settings)
    for step in range(5):
        gradients = training.objective.gradients(trainer.learner, tf.constant(step, tf.int64))
        eager.apply(gradients, trainer.learner.trainable_variables)
    for ours, expected, first in zip(found, trainer.learner.get_weights(), start, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
        assert not np.array_equal(ours, first)
