"""Theorem 1 and Lemma 3 by brute force: every parity, its whole gradient, one after the other."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import comb

from failures.engine import learners, losses
from failures.engine.gradients import in_precision
from failures.families.parity.analyses.gradient_variance import LOSSES, by_cube, by_sample, by_transform, encode, rows
from failures.families.parity.problem import cube
from failures.families.parity.theory.theorem_1 import (
    realizing_network,
    realizing_network_of_lemma_3,
    subset_sizes,
    target_weight,
    walsh_hadamard,
)

BASE = {"architecture": "fully_connected", "width": 6, "depth": 1, "activation": "relu", "normalization": "none"}
NETWORKS = {
    "shallow": {},
    "deep": {"depth": 3, "activation": "tanh"},
    "normalised": {"depth": 2, "normalization": "layer"},
    "convolutional": {"architecture": "convolutional", "width": 2, "depth": 2},
}


def network(settings, n_features):
    """A network in float64 with scores on both sides of the hinge's margin."""
    model = in_precision(learners.network(n_features, BASE | settings, "test", n_features), "float64")
    rng = np.random.default_rng(5)
    model.set_weights([1.5 * weight + 0.2 * rng.standard_normal(weight.shape) for weight in model.get_weights()])
    return model


def parities(n_features):
    """h_v(x) of every v (rows) and x (columns)."""
    bits = cube(n_features)
    return (-1.0) ** (bits @ bits.T)


def all_gradients(model, loss, encoding, n_features):
    """Gradient of the expected loss for each of the 2^d targets, [2^d, weights]."""
    inputs = tf.constant(encode(cube(n_features), encoding))

    @tf.function
    def gradient(labels):
        with tf.GradientTape() as tape:
            value = losses.BY_NAME[loss](labels, model(inputs))
        return tf.concat([tf.reshape(part, [-1]) for part in tape.gradient(value, model.trainable_variables)], 0)

    return np.array([gradient(tf.constant(labels[:, None])) for labels in parities(n_features)])


@pytest.mark.parametrize("encoding", ["signed", "binary"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("n_features", [2, 5])
def test_variance_is_that_of_all_gradients(name, encoding, n_features):
    model = network(NETWORKS[name], n_features)
    transformed, closed = (way(model, n_features, encoding) for way in (by_transform, by_cube))
    for loss in LOSSES:
        gradients = all_gradients(model, loss, encoding, n_features)
        expected = np.square(gradients - gradients.mean(0)).sum(1).mean()
        assert transformed[loss].variance == pytest.approx(expected, rel=1e-12)
        assert closed[loss].variance == pytest.approx(expected, rel=1e-12)
        assert closed[loss].bound == pytest.approx(transformed[loss].bound, rel=1e-12)
        assert closed[loss].squared_norm == pytest.approx(transformed[loss].squared_norm, rel=1e-12)


@pytest.mark.parametrize("n_features", [8])
def test_variance_at_eight_bits(n_features):
    model = network({"depth": 2}, n_features)
    transformed = by_transform(model, n_features, "signed")
    for loss in LOSSES:
        gradients = all_gradients(model, loss, "signed", n_features)
        expected = np.square(gradients - gradients.mean(0)).sum(1).mean()
        assert transformed[loss].variance == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_energies_are_the_signals_of_each_size(loss):
    model = network({}, 5)
    inputs = tf.constant(encode(cube(5), "signed"))
    energies = np.zeros(6)
    for v, labels in enumerate(parities(5)):
        gradients = []
        # The part that depends on the target is half the difference of the target and its negative.
        for sign in (1, -1):
            with tf.GradientTape() as tape:
                value = losses.BY_NAME[loss](tf.constant(sign * labels[:, None]), model(inputs))
            gradients.append(tape.gradient(value, model.trainable_variables))
        energies[v.bit_count()] += sum(np.square((a - b).numpy() / 2).sum() for a, b in zip(*gradients, strict=True))
    np.testing.assert_allclose(by_transform(model, 5, "signed")[loss].energies, energies, rtol=1e-11)


def test_the_theorem_bounds_the_variance_for_every_loss():
    for n_features in (3, 6):
        for settings in NETWORKS.values():
            for result in by_transform(network(settings, n_features), n_features, "signed").values():
                assert result.variance <= result.bound * (1 + 1e-12)
                assert result.energies.sum() == pytest.approx(result.squared_norm, rel=1e-12)


def test_samples_estimate_the_exact_variance():
    model = network({}, 6)
    exact = by_cube(model, 6, "signed")
    deviations = []
    for seed in range(30):
        sampled = by_sample(model, 6, "signed", 400, np.random.default_rng(seed))
        deviations += [(sampled[loss].variance - exact[loss].variance) / sampled[loss].error for loss in LOSSES[:1]]
        assert sampled["square"].bound == pytest.approx(exact["square"].bound, rel=0.5)
    assert abs(np.mean(deviations)) < 4 / np.sqrt(30)
    assert 0.5 < np.std(deviations) < 1.6


def test_leaving_out_the_constant_target_changes_the_variance():
    """Theorem 1 speaks of all 2^d parities, v = 0 included."""
    model = network({}, 6)
    gradients = all_gradients(model, "square", "signed", 6)
    without = np.square(gradients[1:] - gradients[1:].mean(0)).sum(1).mean()
    assert without < 0.9 * by_cube(model, 6, "signed")["square"].variance


@pytest.mark.parametrize("n_features", [1, 2, 3, 7])
def test_transform_is_the_matrix_of_parities(n_features):
    values = np.random.default_rng(1).standard_normal((2**n_features, 3))
    np.testing.assert_allclose(walsh_hadamard(values), parities(n_features) @ values / 2**n_features, atol=1e-15)


def test_subset_sizes_count_bits():
    assert np.bincount(subset_sizes(6)).tolist() == comb(6, range(7)).tolist()
    assert subset_sizes(4)[11] == 3


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_are_the_odd_part_of_the_losses_slope(loss):
    scores = np.array([-3.0, -1.2, -0.4, 0.0, 0.7, 1.3, 2.5])
    slopes = []
    for label in (1.0, -1.0):
        variable = tf.Variable(scores)
        with tf.GradientTape() as tape:
            value = losses.BY_NAME[loss](label, variable) * len(scores)
        slopes.append(tape.gradient(value, variable).numpy())
    # E[loss'] over inputs is E[h * odd + even]: odd = (slope for +1 - slope for -1) / 2.
    np.testing.assert_allclose(target_weight(loss, scores), (slopes[0] - slopes[1]) / 2, rtol=1e-14)


def test_an_unknown_loss_is_refused():
    with pytest.raises(ValueError, match="loss = 'cubic': unknown loss; allowed: 'square'"):
        target_weight("cubic", np.zeros(1))


@pytest.mark.parametrize("build", [realizing_network, realizing_network_of_lemma_3])
@pytest.mark.parametrize("encoding", ["signed", "binary"])
@pytest.mark.parametrize("n_features", range(1, 11))
def test_a_network_built_by_hand_realises_every_parity(build, encoding, n_features):
    bits = cube(n_features)
    inputs = encode(bits, encoding)
    width = n_features if build is realizing_network else 3 * (n_features // 2 + 1)
    for target in bits:
        kernel, bias, slopes, offset = build(target, encoding)
        assert kernel.shape == (n_features, width)
        scores = np.maximum(inputs @ kernel + bias, 0) @ slopes[:, 0] + offset
        np.testing.assert_allclose(scores, (-1.0) ** (bits @ target), atol=1e-11)


def test_the_hand_built_weights_fit_into_a_keras_network():
    target = np.array([1, 0, 1, 1, 0, 1])
    model = learners.network(6, BASE | {"width": "1d"}, "test")
    model.set_weights(realizing_network(target, "signed"))
    np.testing.assert_allclose(model(1.0 - 2 * cube(6))[:, 0], (-1.0) ** (cube(6) @ target), atol=1e-5)


def test_rows_are_tidy():
    table = rows(by_transform(network({}, 3), 3, "signed"), n_features=3, learner="relu")
    assert len(table) == 3 * (3 + 4)
    assert {row["quantity"] for row in table} == {"variance", "bound", "squared_norm", "energy"}
    assert all(row["learner"] == "relu" and np.isfinite(row["value"]) for row in table)
