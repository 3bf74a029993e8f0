"""Gradients that are told only roughly: noise of the right size, rounding within the tolerance."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from failures.engine.seeding import DATA, EVALUATION, NOISE
from failures.families.parity.objective import StatisticalQueriesObjective
from failures.families.parity.problem import draw_instances


@pytest.fixture
def objective():
    made = StatisticalQueriesObjective(4, "signed", "hinge", 8, 16)
    made.assign(np.ones(4, int), {DATA: 1, EVALUATION: 2, NOISE: 3})
    return made


def told(objective, gradients, step=0):
    return [part.numpy() for part in objective.transform_gradients(gradients, tf.constant(step, tf.int64))]


def test_the_truth_is_told_without_noise_and_tolerance(objective):
    gradients = [tf.random.stateless_normal([30, 20], [1, 2]), tf.random.stateless_normal([20], [1, 3])]
    for answer, gradient in zip(told(objective, gradients), gradients, strict=True):
        assert np.array_equal(answer, gradient)


def test_noise_is_gaussian_fresh_and_of_the_given_size(objective):
    objective.noise.assign(0.3)
    zeros = [tf.zeros([40, 25]), tf.zeros([500])]
    first, second = (np.concatenate([part.ravel() for part in told(objective, zeros, step)]) for step in (0, 1))
    assert stats.kstest(first, stats.norm(scale=0.3).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(1500)
    assert np.array_equal(first, np.concatenate([part.ravel() for part in told(objective, zeros, 0)]))
    # The weights of different layers have noise of their own.
    assert abs(np.corrcoef(first[:500], first[1000:])[0, 1]) < 5 / np.sqrt(500)


def test_answers_are_multiples_and_wrong_by_at_most_the_tolerance(objective):
    objective.tolerance.assign(0.05)
    gradients = [tf.random.stateless_normal([50, 20], [1, 2]) * 0.2]
    (answer,) = told(objective, gradients)
    error = np.abs(answer - gradients[0].numpy())
    assert 0.045 < error.max() <= 0.05 + 1e-6
    np.testing.assert_allclose(answer / 0.1, np.round(answer / 0.1), atol=1e-5)
    assert told(objective, [tf.constant([0.049, -0.049, 0.051])])[0] == pytest.approx([0, 0, 0.1])


def test_every_target_is_asked_about_with_every_answer():
    queries = {"noise": [0.0, 0.5], "tolerance": [0.25]}
    table = draw_instances("asked", 6, [6], [0, 1], kind="statistical_queries", queries=queries)
    assert len(table) == 6
    assert table["trial"].is_unique
    assert (table["target"] == "111111").all()
    pairs = table.loc[table["seed"] == 1, ["noise", "tolerance"]].to_numpy().tolist()
    assert pairs == [[0.0, 0.0], [0.5, 0.0], [0.0, 0.25]]
