"""The portfolio against enumeration of all rewards, closed forms and a NumPy reimplementation of training."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from failures.engine.rates import with_rate_factors
from failures.engine.training import run
from failures.families.portfolio.analyses import moments
from failures.families.portfolio.config import Learner, Problem
from failures.families.portfolio.objective import PortfolioObjective, gradient_energies, logits
from failures.families.portfolio.problem import draw_instances, parse_labels
from failures.families.portfolio.training import Training, network
from failures.runtime.progress import Progress

METHODS = ["end_to_end", "decomposition"]
ADAM = {"name": "Adam", "learning_rate": 0.1, "arguments": {"beta_2": 0.99, "epsilon": 1e-5}}
SGD = {"name": "SGD", "learning_rate": 20.0, "arguments": {}}


def begun(method, optimizer, n_steps=3, factor=1.0):
    problem = Problem(n_features=6, n_stocks=4, n_steps=n_steps, evaluation=30).model_dump()
    learner = Learner(method=method, batch_size=5).model_dump() | {"optimizer": optimizer}
    training = Training(problem | {"stream": "test"}, learner | {"stream": method})
    trial = next(draw_instances("test", 6, 4, [0]).itertuples(index=False))
    training.begin(trial)
    training.trainer.scale_rate(factor)
    return training


def softmax(scores):
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def test_labels_are_uniform():
    table = draw_instances("test", 3000, 5, [3, 4])
    labels = np.array([parse_labels(text) for text in table["labels"]])
    assert not np.array_equal(labels[0], labels[1])
    counts = np.bincount(labels[0], minlength=5)
    assert abs(counts - 600).max() < 5 * np.sqrt(3000 * 0.2 * 0.8)


def test_every_learning_rate_has_the_same_instances():
    table = with_rate_factors(draw_instances("test", 30, 5, [3, 4]), [0.1, 10.0])
    assert table["rate_factor"].tolist() == [0.1, 10.0] * 2
    assert table["labels"].tolist() == np.repeat(table["labels"].unique(), 2).tolist()
    assert table["trial"].tolist() == ["rate_0.1_seed_3", "rate_10_seed_3", "rate_0.1_seed_4", "rate_10_seed_4"]


def test_rewards_are_one_at_the_right_stock_and_fair_coins_elsewhere():
    objective = PortfolioObjective(6, 4, "end_to_end", 5, 5)
    stocks = tf.constant([2] * 4000, tf.int64)
    rewards = objective.rewards(stocks, tf.constant(7, tf.int64), tf.constant(0, tf.int64)).numpy()
    assert set(np.unique(rewards)) == {-1.0, 1.0}
    assert (rewards[:, 2] == 1).all()
    coins = np.delete(rewards, 2, axis=1)
    assert abs(coins.mean(axis=0)).max() < 5 / np.sqrt(4000)
    assert abs(np.corrcoef(coins.T)[np.triu_indices(3, 1)]).max() < 5 / np.sqrt(4000)
    again = objective.rewards(stocks, tf.constant(7, tf.int64), tf.constant(1, tf.int64)).numpy()
    assert not np.array_equal(rewards, again)


def test_rows_of_the_weights_are_the_network_on_unit_vectors():
    model = network(6, 4, "test")
    states = np.array([0, 5, 5, 2])
    expected = model.layers[1](np.eye(6)[states]).numpy()
    np.testing.assert_allclose(logits(model, states).numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(model(np.eye(6)).numpy(), softmax(logits(model).numpy()), rtol=1e-5)


def test_estimators_have_the_same_mean_and_the_second_moments_of_the_closed_form():
    """Plain Keras gradients of the whole network for each state and every one of the 2^(k-1) rewards."""
    n_features, n_stocks = 3, 4
    model, labels = network(n_features, n_stocks, "test"), np.array([1, 3, 1])
    model.set_weights([w * 5 + 0.2 * i for i, w in enumerate(model.get_weights())])
    gradients = {method: [] for method in METHODS}
    for state, stock in enumerate(labels):
        inputs = np.eye(n_features)[[state]]
        for coins in itertools.product([-1.0, 1.0], repeat=n_stocks - 1):
            rewards = {"end_to_end": np.insert(coins, stock, 1.0), "decomposition": np.eye(n_stocks)[stock]}
            for method, z in rewards.items():
                with tf.GradientTape() as tape:
                    loss = -tf.reduce_sum(tf.constant(z, tf.float32) * model(inputs))
                parts = tape.gradient(loss, model.trainable_variables)
                gradients[method].append(np.concatenate([part.numpy().ravel() for part in parts]))
    both = {method: np.array(rows, np.float64) for method, rows in gradients.items()}
    means = [rows.mean(axis=0) for rows in both.values()]
    np.testing.assert_allclose(*means, atol=1e-7)
    objective = PortfolioObjective(n_features, n_stocks, "end_to_end", 5, 40_000)
    objective.assign(labels, 0, 5)
    values = objective.evaluate(model, tf.constant(0, tf.int64)).numpy()
    found = dict(zip(objective.metrics, values, strict=True))
    for method, rows in both.items():
        moment = (rows**2).sum(axis=1).mean()
        assert found[f"moment_{method}"] == pytest.approx(moment, rel=1e-5)
        assert found[f"sampled_moment_{method}"] == pytest.approx(moment, rel=0.03)
    assert found["sampled_loss"] == pytest.approx(found["loss"], abs=5 / np.sqrt(40_000))


def test_energies_at_a_uniform_portfolio_make_the_ratio_k():
    energies = gradient_energies(tf.fill([1, 50], tf.constant(1 / 50, tf.float64))).numpy()[0]
    np.testing.assert_allclose(energies, 2 / 50**2 * (1 - 1 / 50), rtol=1e-12)
    assert energies.sum() / energies[0] == pytest.approx(50)


def test_wrong_counts_states_with_most_money_on_another_stock():
    model, objective = network(3, 2, "test"), PortfolioObjective(3, 2, "decomposition", 5, 5)
    model.set_weights([np.array([[3.0, 0.0], [0.0, 3.0], [0.1, 0.0]]), np.zeros(2)])
    objective.assign(np.array([0, 0, 0]), 1, 2)
    values = dict(zip(objective.metrics, objective.evaluate(model, tf.constant(0, tf.int64)).numpy(), strict=True))
    sigmoid = 1 / (1 + np.exp(-np.array([3.0, -3.0, 0.1])))
    assert values["wrong"] == pytest.approx(1 / 3)
    assert values["loss"] == pytest.approx(-sigmoid.mean())


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("optimizer", [ADAM, SGD], ids=["adam", "sgd"])
def test_three_steps_written_out_in_numpy(method, optimizer):
    training = begun(method, optimizer)
    weights = [w.astype(np.float64) for w in training.trainer.learner.get_weights()]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    objective = training.objective
    for step in range(3):
        index = tf.constant(step, tf.int64)
        states, stocks = (part.numpy() for part in objective.sample(5, objective.data_seed, index))
        assert np.array_equal(stocks, objective.labels.numpy()[states])
        rewards = objective.rewards(tf.constant(stocks), objective.data_seed, index).numpy().astype(np.float64)
        if method == "decomposition":
            rewards = np.eye(4)[stocks]
        p = softmax(weights[0][states] + weights[1])
        delta = -p * (rewards - (rewards * p).sum(axis=1, keepdims=True)) / 5
        gradients = [np.zeros((6, 4)), delta.sum(axis=0)]
        np.add.at(gradients[0], states, delta)
        if optimizer is SGD:
            weights = [w - 20 * g for w, g in zip(weights, gradients, strict=True)]
            continue
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradients, strict=True)]
        second = [0.99 * v + 0.01 * g**2 for v, g in zip(second, gradients, strict=True)]
        rate = 0.1 * np.sqrt(1 - 0.99 ** (step + 1)) / (1 - 0.9 ** (step + 1))
        weights = [w - rate * m / (np.sqrt(v) + 1e-5) for w, m, v in zip(weights, first, second, strict=True)]
    run(training.trainer, None, "test", Progress("test", 3))
    for found, expected in zip(training.trainer.learner.get_weights(), weights, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.usefixtures("loop")
def test_a_rate_factor_multiplies_the_learning_rate():
    changes = []
    for factor in (1.0, 3.0):
        training = begun("decomposition", SGD, n_steps=1, factor=factor)
        before = training.trainer.learner.get_weights()[0]
        run(training.trainer, None, "test", Progress("test", 1))
        changes.append(training.trainer.learner.get_weights()[0] - before)
    assert abs(changes[0]).max() > 0.1
    np.testing.assert_allclose(changes[1], 3 * changes[0], atol=1e-5)


def test_moments_before_training_are_near_a_ratio_of_k():
    table = moments.analyze({}, n_features=200, n_stocks=[1, 30], n_samples=50, seeds=[0, 1])
    one, thirty = (table[table["n_stocks"] == k] for k in (1, 30))
    assert one[["moment_end_to_end", "moment_decomposition"]].eq(0).all(axis=None)
    ratio = thirty["moment_end_to_end"] / thirty["moment_decomposition"]
    assert ratio.between(27, 33).all()
    assert ratio.nunique() == 2
