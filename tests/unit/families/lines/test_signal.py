"""Signal and noise: Gaussians of known moments, and gradients of single samples by automatic differentiation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from failures.families.lines import networks, problem
from failures.families.lines.analyses import features, neighbourhoods, signal
from failures.families.lines.analyses.features import Features, select_images
from failures.families.lines.analyses.signal import METHODS, Moments, derivatives, draw_order, measure


def gaussians(n, mean, std, rng):
    return mean + std * rng.standard_normal((n, len(mean)))


def add(moments, samples):
    """Add samples as gradients of tuples of one image: the inputs themselves, times 1 for the first method."""
    parts = np.zeros((len(METHODS), len(samples), 1))
    parts[0] = 1
    moments.add(parts, samples[:, None])


def first(moments):
    """Return the estimates of the first method; those of the others are undefined, because their gradients vanish."""
    with np.errstate(invalid="ignore"):
        return moments.estimates()[0]


def whole(images):
    """Return the features of all images."""
    return Features(select_images(images, [np.arange(len(images))]))


def test_estimates_are_unbiased_for_gaussians_of_known_moments():
    """Signal ||mean||^2, noise tr C; and the standard error is the spread of repeated estimates."""
    rng = np.random.default_rng(0)
    mean, std = np.array([0.1, 0.0, -0.05]), np.array([1.0, 2.0, 0.5])
    estimates = []
    for _ in range(400):
        moments = Moments(3)
        for _ in range(4):
            add(moments, gaussians(500, mean, std, rng))
        estimates.append(first(moments))
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
        add(moments, gaussians(2000, np.zeros(5), np.ones(5), rng))
        found.append(first(moments))
    unbiased = np.array([estimate["snr"] for estimate in found])
    assert abs(unbiased.mean()) < 4 * unbiased.std() / np.sqrt(200)
    assert np.mean(np.abs(unbiased) < 1.96 * np.array([e["standard_error"] for e in found])) > 0.9
    assert np.mean([estimate["plug_in"] for estimate in found]) == pytest.approx(1 / 2000, rel=0.15)


def test_moments_do_not_depend_on_how_samples_come():
    samples = np.random.default_rng(2).standard_normal((1000, 4))
    together, parts = Moments(4), Moments(4)
    add(together, samples)
    for start in range(0, 1000, 500):
        add(parts, samples[start : start + 500])
    for key in ("signal", "noise", "plug_in"):
        assert first(parts)[key] == pytest.approx(first(together)[key], rel=1e-9)
    signal_ = np.mean([samples[i] @ samples[j] for i in range(1000) for j in range(i)])
    assert first(together)["signal"] == pytest.approx(signal_)


@pytest.mark.parametrize("length", [1, 3])
def test_moments_of_tuples_are_those_of_the_gradients_themselves(length):
    """Sums of products of inputs against gradients of single samples; 250 samples are two and a half batches."""
    rng = np.random.default_rng(3)
    parts, inputs = rng.standard_normal((len(METHODS), 250, length)), rng.standard_normal((250, length, 4))
    tuples = Moments(4)
    tuples.add(parts, inputs)
    for index, estimates in enumerate(tuples.estimates()):
        alone = Moments(4)
        add(alone, (parts[index][:, :, None] * inputs).sum(axis=1))
        expected = first(alone)
        assert estimates == pytest.approx(expected, rel=1e-9)


def random_images(n, rng):
    """Return packed images of random pixels, of lines, and repetitions; many cells see beyond the image."""
    noise = np.zeros((n, problem.COLUMNS), np.int32)
    noise[:, :-1] = rng.integers(2**28, size=(n, problem.SIZE)) & rng.integers(2**28, size=(n, problem.SIZE))
    lines = problem.draw_images(n, "scripts", rng)
    images = np.concatenate([noise, lines, np.zeros((1, problem.COLUMNS), np.int32), lines[::-1], noise])
    images[:, -1] = rng.choice([-1, 1], len(images))
    return images


@pytest.mark.parametrize("blocks", [0, 2])
def test_features_by_lookup_equal_the_keras_layers(blocks, monkeypatch):
    monkeypatch.setattr(features, "GROUP", 40)
    monkeypatch.setattr(features, "BLOCK", 480)
    monkeypatch.setattr(neighbourhoods, "BLOCK", 30)
    monkeypatch.setattr(neighbourhoods, "_active", tf.function(neighbourhoods.active, autograph=False))
    rng = np.random.default_rng(4)
    images, n1 = random_images(50, rng), networks.n1("test", blocks=blocks)
    for number, variable in enumerate(n1.trainable_variables):
        variable.assign(variable + 0.05 * tf.random.stateless_normal(variable.shape, [2, number]))
    order = rng.permutation(len(images))[:150]
    found = list(Features(select_images(images, [order[:90], order[60:]])).blocks(n1, order, 40))
    assert [len(labels) for _, labels in found] == [40, 40, 40, 30]
    pixels, labels = problem.unpack(images[order])
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in found]), labels)
    expected = keras.Model(n1.inputs, n1.layers[-2].output)([pixels])
    values = np.concatenate([values for values, _ in found])
    np.testing.assert_allclose(values, expected, atol=2e-5)


def test_number_of_graphs_does_not_grow_with_networks():
    """Each network needs other numbers of neighbourhoods; a graph for each of them would fill the memory."""
    images, n1 = problem.draw_images(400, "scripts", np.random.default_rng(0)), networks.n1("test")
    found = whole(images)
    for n in range(100, 400, 30):
        for _ in found.blocks(n1, np.arange(n), n):
            pass
    assert found._maps.experimental_get_tracing_count() <= 3
    assert found._first_layer.experimental_get_tracing_count() <= 3


def test_images_with_the_same_hash_stay_distinct(monkeypatch):
    images = random_images(30, np.random.default_rng(5))
    chosen = np.arange(1, len(images))

    def count():
        indices, kept = neighbourhoods.distinct_images(images, chosen)
        np.testing.assert_array_equal(images[kept[indices], :-1], images[chosen, :-1])
        return len(kept)

    assert count() == len(np.unique(images[chosen, :-1], axis=0))
    constant = type("Constant", (), {"integers": lambda self, *args, size, dtype: np.zeros(size, dtype)})
    monkeypatch.setattr(neighbourhoods.np.random, "default_rng", lambda seed: constant())
    assert count() > len(images) // 2


@pytest.mark.parametrize("method", METHODS)
def test_gradients_of_single_samples_are_those_of_automatic_differentiation(method):
    length, n = 3, 20
    model = networks.learner(length, "test")
    for number, variable in enumerate(model.trainable_variables):
        variable.assign(1.5 * variable + 0.05 * tf.random.stateless_normal(variable.shape, [1, number]))
    n1 = model.get_layer("n1")
    images = problem.draw_images(length * n, "scripts", np.random.default_rng(0))
    order = np.random.default_rng(7).permutation(length * n)
    found, labels = next(whole(images).blocks(n1, order, length * n))
    kernel, bias = n1.get_layer("score").get_weights()
    shape = (n, length)
    weights = [weight.astype(float) for weight in model.get_layer("n2").get_weights()]
    parts = derivatives((found @ kernel + bias).reshape(shape), labels.reshape(shape), weights, "scripts")
    gradients = np.einsum("nk,nkf->nf", parts[METHODS.index(method)], found.reshape(*shape, -1))
    pixels, labels = problem.unpack(images[order])
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
        order = draw_order(len(images), 500, [1, 2, 3], np.random.default_rng(0))
        return measure(whole(images), n1, chosen, 500, "scripts", order)

    large, alone = estimates(1, 2, 3), estimates(2)
    monkeypatch.setattr(signal, "BLOCK", 360)
    for one, other in zip(large, estimates(1, 2, 3), strict=True):
        # Unbiased: a difference of two numbers as large as the noise over the number of tuples.
        assert one["signal"] == pytest.approx(other["signal"], rel=1e-6, abs=1e-5 * other["noise"] / 500)
        assert one["noise"] == pytest.approx(other["noise"], rel=1e-6)
    both = {row["method"]: row["noise"] for row in large if row["tuple_length"] == 2}
    assert {row["method"]: row["noise"] for row in alone} == pytest.approx(both, rel=1e-6)


@pytest.mark.slow
def test_networks_are_measured_on_tuples_of_their_own():
    """The errors of initialisations must be independent, for an interval over them to mean anything."""
    images = problem.draw_images(3000, "scripts", np.random.default_rng(0))
    n1, seconds = networks.n1("test"), {2: networks.n2(2, "test")}
    orders = [draw_order(len(images), 1000, [2], np.random.default_rng(seed)) for seed in range(30)]
    found = [measure(whole(images), n1, seconds, 1000, "scripts", order)[0] for order in orders]
    signals = np.array([row["signal"] for row in found])
    # At random weights there is next to no signal for pairs: estimates of one network scatter around 0.
    assert abs(signals.mean()) < 4 * signals.std() / np.sqrt(30)
