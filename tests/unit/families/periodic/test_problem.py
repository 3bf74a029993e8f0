"""Linear-periodic targets: what is drawn, its labels, and one step of training."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from scipy import stats

from failures.engine.blocks import train_block
from failures.families.periodic.objective import PeriodicObjective
from failures.families.periodic.problem import (
    WAVES,
    draw_direction,
    draw_instances,
    harmonics,
    label_variance,
    parse_direction,
)
from failures.families.periodic.training import Training

PROBLEM = {"stream": "d3", "n_features": 3, "n_steps": 1, "evaluate_every": 1, "evaluation": 50, "checkpoint_every": 1}
LEARNER = {
    "stream": "relu",
    "architecture": "fully_connected",
    "width": 5,
    "depth": 1,
    "activation": "relu",
    "normalization": "none",
    "loss": "square",
    "batch_size": 7,
    "optimizer": {"name": "SGD", "learning_rate": 0.1, "arguments": {}},
}


def drawn(waves=("cosine", "square", "linear"), norms=(0.25, 2.0), seeds=(0, 1), n_features=3):
    return draw_instances("d3", n_features, list(waves), list(norms), list(seeds))


def test_a_replicate_has_one_direction_for_all_its_targets():
    table = drawn()
    assert len(table) == len(set(table["trial"])) == 12
    assert len(table[["seed", "direction"]].drop_duplicates()) == table["direction"].nunique() == 2
    assert table.loc[0, ["trial", "wave", "norm"]].tolist() == ["cosine_0.25_seed_0", "cosine", 0.25]
    assert np.linalg.norm(parse_direction(table.loc[0, "direction"])) == pytest.approx(1, abs=1e-15)


def test_directions_are_uniform_on_the_sphere():
    rng = np.random.default_rng(0)
    directions = np.stack([draw_direction(3, rng) for _ in range(2000)])
    for axis in directions.T:  # on the sphere in three dimensions, each coordinate is uniform
        assert stats.kstest(axis, "uniform", args=(-1, 2)).pvalue > 1e-3


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("norm", [0.03, 0.25, 1.0, 3.0])
def test_label_variance_is_that_of_the_labels(wave, norm):
    """Gauss-Legendre between the steps of the square wave, on which the other labels are smooth."""
    edges = np.arange(np.floor(-36 * norm), 36 * norm + 1) / 4 / norm
    nodes, weights = np.polynomial.legendre.leggauss(40)
    half = np.diff(edges)[:, None] / 2
    s = edges[:-1, None] + half * (1 + nodes)

    def mean(values):
        return (half * weights * stats.norm.pdf(s) * values).sum()

    psi = WAVES[wave]
    expected = mean(psi(norm * s) ** 2) - mean(psi(norm * s)) ** 2
    assert label_variance(wave, norm) == pytest.approx(expected, rel=1e-10)


def test_the_series_of_the_square_wave_is_the_square_wave():
    u = np.linspace(-1, 1, 401)
    multiples, coefficients = harmonics("square")
    series = np.cos(2 * np.pi * np.outer(u, multiples)) @ coefficients
    away = abs(np.cos(2 * np.pi * u)) > 0.3
    np.testing.assert_allclose(series[away], WAVES["square"](u)[away], atol=0.03)
    # Parseval: the mean square of the wave is 1; the terms that are cut have 4 / (pi^2 n) of it.
    assert (coefficients**2).sum() / 2 == pytest.approx(1 - 2 / np.pi**2 / len(multiples), abs=1e-6)


@pytest.mark.parametrize("wave", WAVES)
def test_labels_are_the_wave_of_the_inner_product(wave):
    objective = PeriodicObjective(3, 8, 16)
    direction = draw_direction(3, np.random.default_rng(1))
    objective.assign(direction, 0.7, wave, 11, 12)
    inputs, labels = (part.numpy() for part in objective.sample(500, objective.data_seed, tf.constant(3, tf.int64)))
    assert stats.kstest(inputs.ravel(), "norm").pvalue > 1e-3
    np.testing.assert_allclose(labels[:, 0], WAVES[wave](0.7 * inputs @ direction), atol=1e-5)
    other = objective.sample(500, objective.evaluation_seed, tf.constant(3, tf.int64))[0].numpy()
    assert not np.array_equal(inputs, other)


def test_unexplained_is_1_for_the_best_constant_and_0_for_the_target():
    objective = PeriodicObjective(2, 8, 200_000)
    objective.assign(np.array([1.0, 0.0]), 0.3, "cosine", 1, 2)
    best = np.exp(-2 * (np.pi * 0.3) ** 2)
    step = tf.constant(0, tf.int64)
    unexplained, loss = objective.evaluate(lambda x, training: 0 * x[:, :1] + best, step).numpy()
    assert unexplained == pytest.approx(1, abs=0.01)
    assert loss == pytest.approx(label_variance("cosine", 0.3) / 2, rel=0.01)
    learnt = objective.evaluate(lambda x, training: tf.cos(2 * np.pi * 0.3 * x[:, :1]), step)
    assert learnt.numpy().tolist() == pytest.approx([0, 0], abs=1e-10)


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("wave", WAVES)
def test_a_step_of_training_is_gradient_descent(wave):
    (trial,) = drawn([wave], [0.5], [0]).itertuples(index=False)
    training = Training(PROBLEM, LEARNER)
    training.begin(trial)
    w, b, a, c = (part.astype(float) for part in training.trainer.learner.get_weights())
    x = training.objective.sample(7, training.objective.data_seed, tf.constant(0, tf.int64))[0].numpy().astype(float)
    y = WAVES[wave](0.5 * x @ parse_direction(trial.direction))[:, None]
    hidden = np.maximum(x @ w + b, 0)
    error = (hidden @ a + c - y) / 7
    back = error @ a.T * (hidden > 0)
    gradients = [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
    expected = [part - 0.1 * gradient for part, gradient in zip((w, b, a, c), gradients, strict=True)]
    training.trainer.fit(tf.data.Dataset.from_tensor_slices(np.array([1])), verbose=0, shuffle=False)
    for found, part in zip(training.trainer.learner.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, part, atol=1e-6)


@pytest.mark.usefixtures("loop")
def test_instances_and_saved_models_give_the_last_evaluation_again(tmp_path):
    problem = PROBLEM | {"n_steps": 30, "evaluate_every": 10}
    paths = [tmp_path / part for part in ("history.parquet", "runs.csv", "models", "checkpoints")]
    keys = {"problem": "d3", "learner": "relu"}
    train_block(Training(problem, LEARNER), keys, drawn(seeds=[0]), *paths, identity="test")
    again = Training(problem, LEARNER)
    for row in pd.read_csv(paths[1]).itertuples():
        again.begin(row)
        model = keras.models.load_model(paths[2] / f"{row.trial}.keras", safe_mode=True)
        unexplained, loss = again.objective.evaluate(model, tf.constant(29, tf.int64)).numpy()
        assert (unexplained, loss) == pytest.approx((row.final_unexplained, row.final_loss), rel=1e-5)
