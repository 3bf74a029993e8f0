"""Signal and noise: Gaussians of known moments, and gradients of single samples by automatic differentiation."""

import numpy as np
import pytest
import tensorflow as tf

from failures.families.lines import networks, problem
from failures.families.lines.analyses import signal
from failures.families.lines.analyses.signal import METHODS, Features, Moments, derivatives, measure


def gaussians(n, mean, std, rng):
    return mean + std * rng.standard_normal((n, len(mean)))


def test_estimates_are_unbiased_for_gaussians_of_known_moments():
    """Signal ||mean||^2, noise tr C; and the standard error is the spread of repeated estimates."""
    rng = np.random.default_rng(0)
    mean, std = np.array([0.1, 0.0, -0.05]), np.array([1.0, 2.0, 0.5])
    estimates = []
    for _ in range(400):
        moments = Moments(3)
        for _ in range(4):
            moments.add(gaussians(500, mean, std, rng))
        estimates.append(moments.estimates())
    values = {key: np.array([estimate[key] for estimate in estimates]) for key in estimates[0]}
    error = values["signal"].std() / 20
    assert values["signal"].mean() == pytest.approx(mean @ mean, abs=4 * error)
    assert values["noise"].mean() == pytest.approx(std @ std, rel=0.01)
    assert values["snr"].mean() == pytest.approx(mean @ mean / (std @ std), abs=4 * values["snr"].std() / 20)
    assert values["standard_error"].mean() == pytest.approx(values["snr"].std(), rel=0.15)


def test_without_signal_the_scripts_estimate_sits_on_its_floor_and_ours_on_zero():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(200):
        moments = Moments(5)
        moments.add(gaussians(2000, np.zeros(5), np.ones(5), rng))
        found.append(moments.estimates())
    unbiased = np.array([estimate["snr"] for estimate in found])
    assert abs(unbiased.mean()) < 4 * unbiased.std() / np.sqrt(200)
    assert np.mean(np.abs(unbiased) < 1.96 * np.array([e["standard_error"] for e in found])) > 0.9
    assert np.mean([estimate["plug_in"] for estimate in found]) == pytest.approx(1 / 2000, rel=0.15)


def test_moments_do_not_depend_on_how_samples_come():
    samples = np.random.default_rng(2).standard_normal((1000, 4))
    whole, parts = Moments(4), Moments(4)
    whole.add(samples)
    for start in range(0, 1000, 500):
        parts.add(samples[start : start + 500])
    for key in ("signal", "noise", "plug_in"):
        assert parts.estimates()[key] == pytest.approx(whole.estimates()[key], rel=1e-9)
    signal_ = np.mean([samples[i] @ samples[j] for i in range(1000) for j in range(i)])
    assert whole.estimates()["signal"] == pytest.approx(signal_)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_of_single_samples_are_those_of_automatic_differentiation(method):
    length, n = 3, 20
    model = networks.learner(length, "test")
    for number, variable in enumerate(model.trainable_variables):
        variable.assign(1.5 * variable + 0.05 * tf.random.stateless_normal(variable.shape, [1, number]))
    n1 = model.get_layer("n1")
    images = problem.draw_images(length * n, "scripts", np.random.default_rng(0))
    found, labels = next(Features(images, [length]).blocks(n1, length * n, np.random.default_rng(7)))
    kernel, bias = n1.get_layer("score").get_weights()
    shape = (n, length)
    weights = [weight.astype(float) for weight in model.get_layer("n2").get_weights()]
    parts = derivatives((found @ kernel + bias).reshape(shape), labels.reshape(shape), weights, "scripts")[method]
    inputs = found.reshape(*shape, -1)[:, : parts.shape[1]]
    gradients = np.einsum("nk,nkf->nf", parts, inputs)
    pixels, labels = problem.unpack(images[np.random.default_rng(7).permutation(length * n)])
    pixels, labels = pixels.reshape(n, length, 28, 28, 1), labels.reshape(shape)
    for number in range(n):
        with tf.GradientTape() as tape:
            single = tf.nn.relu(1 - labels[number][:, None] * n1(pixels[number]))
            joint = tf.nn.relu(1 - labels[number].prod() * model(pixels[number : number + 1]))
            losses = (tf.reduce_sum(joint), single[0, 0], tf.reduce_sum(joint) + tf.reduce_mean(single))
            loss = losses[METHODS.index(method)]
        expected = tape.gradient(loss, n1.get_layer("score").kernel).numpy()[:, 0]
        np.testing.assert_allclose(gradients[number], expected, atol=1e-5 * max(1, np.abs(expected).max()))


def test_blocks_and_other_lengths_change_nothing(monkeypatch):
    """Blocks may be smaller than what is asked for, and each length stops at its own number of tuples."""
    images = problem.draw_images(1500, "scripts", np.random.default_rng(0))
    n1 = networks.n1("test")
    seconds = {length: networks.n2(length, "test") for length in (1, 2, 3)}

    def estimates(*lengths):
        chosen = {length: seconds[length] for length in lengths}
        return measure(Features(images, list(lengths)), n1, chosen, 500, "scripts", np.random.default_rng(0))

    whole, alone = estimates(1, 2, 3), estimates(2)
    monkeypatch.setattr(signal, "BLOCK", 360)
    for one, other in zip(whole, estimates(1, 2, 3), strict=True):
        # Unbiased: a difference of two numbers as large as the noise over the number of tuples.
        assert one["signal"] == pytest.approx(other["signal"], rel=1e-6, abs=1e-5 * other["noise"] / 500)
        assert one["noise"] == pytest.approx(other["noise"], rel=1e-6)
    both = {row["method"]: row["noise"] for row in whole if row["tuple_length"] == 2}
    assert {row["method"]: row["noise"] for row in alone} == pytest.approx(both, rel=1e-6)


@pytest.mark.slow
def test_networks_are_measured_on_tuples_of_their_own():
    """The errors of initialisations must be independent, for an interval over them to mean anything."""
    images = problem.draw_images(3000, "scripts", np.random.default_rng(0))
    features, n1, seconds = Features(images, [2]), networks.n1("test"), {2: networks.n2(2, "test")}
    found = [measure(features, n1, seconds, 1000, "scripts", np.random.default_rng(seed))[0] for seed in range(30)]
    signals = np.array([row["signal"] for row in found])
    # At random weights there is next to no signal for pairs: estimates of one network scatter around 0.
    assert abs(signals.mean()) < 4 * signals.std() / np.sqrt(30)
