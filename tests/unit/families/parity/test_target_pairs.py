"""One network on two targets: the copies are separate runs, and their distances are what they say."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from failures.config.types import Learner, Optimizer
from failures.engine import learners
from failures.engine.seeding import INIT
from failures.engine.training import run
from failures.families.parity.config import Problem
from failures.families.parity.objectives.target_pairs import copies
from failures.families.parity.problem import cube, draw_instances, parse_target
from failures.families.parity.training import Training
from failures.runtime.progress import Progress

LEARNER = Learner(
    width=5, activation="tanh", loss="square", batch_size=16, stream="tanh", optimizer=Optimizer(learning_rate=0.1)
).model_dump()
PROBLEM = Problem(
    n_features=4,
    encoding="signed",
    kind="target_pairs",
    stream="pairs",
    samples="cube",
    evaluation="cube",
    n_steps=30,
    evaluate_every=29,
).model_dump()


def by_hand(weights, target, n_steps):
    """Gradient descent on all inputs in NumPy: a tanh layer and a linear output, square loss."""
    w, b, a, c = (weight.astype(float) for weight in weights)
    inputs = 1.0 - 2 * cube(len(target))
    labels = (-1.0) ** (cube(len(target)) @ target)[:, None]
    for _ in range(n_steps):
        hidden = np.tanh(inputs @ w + b)
        error = (hidden @ a + c - labels) / len(labels)
        back = error @ a.T * (1 - hidden**2)
        # Keras holds the rate in float32.
        rate = float(np.float32(0.1))
        w, b = w - rate * inputs.T @ back, b - rate * back.sum(0)
        a, c = a - rate * hidden.T @ error, c - rate * error.sum(0)
    return [w, b, a, c]


def distance(first, second):
    return np.sqrt(sum(np.square(a - b).sum() for a, b in zip(first, second, strict=True)))


def trained(problem=PROBLEM, row=0):
    instances = draw_instances("pairs", 4, "random", [3], kind="target_pairs", samples=problem["samples"])
    training = Training(problem, LEARNER)
    trial = list(instances.itertuples())[row]
    training.begin(trial)
    result = run(training.trainer, None, "test", Progress("test", problem["n_steps"]))
    values = pd.DataFrame(result.values, columns=training.objective.metrics).iloc[-1]
    return training, trial, values


def test_both_copies_train_as_if_alone():
    training, trial, values = trained()
    network = learners.network(4, LEARNER, "parity", "pairs", trial.trial, INIT, "tanh")
    initial = network.get_weights()
    first, second = (by_hand(initial, parse_target(target), 30) for target in (trial.target, trial.other))
    norm = distance(initial, [0 * weight for weight in initial])
    parts = np.split(np.array(training.trainer.learner.get_weights(), dtype=object), 4)
    for part, expected, tolerance in ((0, first, 1e-5), (1, second, 1e-5), (2, first, 1e-12), (3, second, 1e-12)):
        for weight, other in zip(parts[part], expected, strict=True):
            np.testing.assert_allclose(weight, other, atol=tolerance)
    assert values["drift_float64"] == pytest.approx(distance(first, second) / norm, rel=1e-6)
    assert values["drift_float32"] == pytest.approx(distance(first, second) / norm, rel=1e-4)
    assert values["travel"] == pytest.approx(distance(first, initial) / norm, rel=1e-6)
    assert 0 < values["rounding"] < 1e-5


def test_copies_start_alike_in_both_precisions():
    network = learners.network(4, LEARNER, "test")
    weights = copies(network).get_weights()
    assert [weight.dtype for weight in weights[::4]] == ["float32", "float32", "float64", "float64"]
    for index in range(0, 16, 4):
        for weight, expected in zip(weights[index : index + 4], network.get_weights(), strict=True):
            assert np.array_equal(weight, expected)


def test_coins_differ_between_the_copies_but_say_nothing_of_the_inputs():
    problem = PROBLEM | {"samples": "fresh", "evaluation": 64, "n_steps": 1}
    training, trial, _ = trained(problem, row=1)
    assert trial.labels == "coins"
    network = learners.network(4, LEARNER, "test")
    model = copies(network)
    loss = tf.function(lambda step: training.objective.loss(model, step))
    losses = [float(loss(tf.constant(step, tf.int64))) for step in range(400)]
    # The mean square of a label that is a coin, whatever the score p(x), is 1: E (p - y)^2 / 2 = (E p^2 + 1) / 2.
    expected = 4 * (np.square(network(1.0 - 2 * cube(4))).mean() + 1) / 2
    assert np.mean(losses) == pytest.approx(expected, abs=5 * np.std(losses) / 20)


def test_pairs_have_two_targets_and_a_control_where_samples_are_fresh():
    fresh = draw_instances("pairs", 5, "random", [0, 1], kind="target_pairs")
    assert fresh["trial"].tolist() == ["pair_0", "coins_0", "pair_1", "coins_1"]
    assert fresh["labels"].tolist() == ["parity", "coins"] * 2
    assert (fresh["target"] != fresh["other"]).all()
    assert (fresh[["target", "other"]] != "00000").all(axis=None)
    exact = draw_instances("pairs", 5, "random", [0, 1], kind="target_pairs", samples="cube")
    assert exact["trial"].tolist() == ["pair_0", "pair_1"]
