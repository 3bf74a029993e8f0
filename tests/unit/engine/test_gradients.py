"""Gradients of single samples against Keras' own and finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import failures.engine.gradients as gradients_module
from failures.engine import learners
from failures.engine.gradients import in_precision, sample_gradients

BASE = {"architecture": "fully_connected", "width": 7, "depth": 1, "activation": "relu", "normalization": "none"}
NETWORKS = {
    "linear": {"depth": 0},
    "shallow": {},
    "deep tanh": {"depth": 4, "activation": "tanh"},
    "normalised": {"depth": 3, "normalization": "layer"},
    "residual": {"architecture": "residual", "depth": 3},
    "convolutional": {"architecture": "convolutional", "depth": 2, "width": 3},
    "convolutional and normalised": {"architecture": "convolutional", "width": 3, "normalization": "layer"},
    "quadratic": {"architecture": "quadratic", "depth": 1},
}


def network(settings, n_features=5):
    model = in_precision(learners.network(n_features, BASE | settings, "test"), "float64")
    # Biases of 0 would hide what depends on them.
    rng = np.random.default_rng(3)
    model.set_weights([weight + 0.1 * rng.standard_normal(weight.shape) for weight in model.get_weights()])
    return model


@pytest.fixture
def inputs():
    return np.random.default_rng(0).standard_normal((9, 5))


def one_by_one(model, inputs):
    """Gradients by Keras, a sample at a time, [n, weights] in the order of the weights."""
    rows = []
    for x in inputs:
        with tf.GradientTape() as tape:
            score = model(x[None])
        parts = tape.gradient(score, model.trainable_variables)
        rows.append(np.concatenate([part.numpy().ravel() for part in parts]))
    return np.array(rows)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_single_samples(name, inputs):
    model = network(NETWORKS[name])
    expected = one_by_one(model, inputs)
    gradients = sample_gradients(model, inputs)
    np.testing.assert_allclose(gradients.scores, model(inputs).numpy()[:, 0], rtol=1e-13)
    np.testing.assert_allclose(gradients.squared_norms(), np.square(expected).sum(1), rtol=1e-12)
    # Kernel and bias of a layer come interleaved otherwise: compare as sets of columns.
    for n_columns in (1, 4, 1000):
        blocks = list(gradients.blocks(n_columns))
        assert max(block.shape[1] for block in blocks) <= n_columns
        columns = np.concatenate(blocks, axis=1)
        np.testing.assert_allclose(columns[:, np.lexsort(columns)], expected[:, np.lexsort(expected)], atol=1e-14)


@pytest.mark.parametrize("name", ["deep tanh", "normalised"])
def test_gradients_are_finite_differences(name, inputs):
    model = network(NETWORKS[name] | {"activation": "tanh", "width": 3})
    weights = model.get_weights()
    norms = np.zeros(len(inputs))
    for index, weight in enumerate(weights):
        for place in np.ndindex(weight.shape):
            scores = []
            for step in (1e-6, -1e-6):
                moved = [other.copy() for other in weights]
                moved[index][place] += step
                model.set_weights(moved)
                scores.append(model(inputs).numpy()[:, 0])
            norms += ((scores[0] - scores[1]) / 2e-6) ** 2
    model.set_weights(weights)
    np.testing.assert_allclose(sample_gradients(model, inputs).squared_norms(), norms, rtol=1e-7)


def test_a_plain_model_of_a_user_works(inputs):
    """Sequential, activations inside the layers, no bias somewhere."""
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(6, "gelu", use_bias=False), keras.layers.Dense(1, "tanh")]
    )
    model = in_precision(model, "float64")
    expected = np.square(one_by_one(model, inputs)).sum(1)
    np.testing.assert_allclose(sample_gradients(model, inputs).squared_norms(), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv1D(2, 3, padding="valid"),
        keras.layers.Conv1D(2, 4, padding="same", use_bias=False),
        keras.layers.Conv1D(2, 3, padding="causal"),
        keras.layers.Conv1D(2, 3, strides=2, activation="tanh"),
        keras.layers.EinsumDense("btc,cd->btd", output_shape=(5, 3), bias_axes="d"),
    ],
    ids=["valid", "same, even taps", "causal", "strided and activated", "einsum"],
)
def test_other_layers_work(layer, inputs, monkeypatch):
    monkeypatch.setattr(gradients_module, "CHUNK", 4)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Reshape((5, 1)), layer])
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(1))
    model = in_precision(model, "float64")
    expected = np.square(one_by_one(model, inputs)).sum(1)
    np.testing.assert_allclose(sample_gradients(model, inputs).squared_norms(), expected, rtol=1e-12)


def test_batch_normalisation_is_refused(inputs):
    model = keras.Sequential([keras.Input((5,)), keras.layers.BatchNormalization(name="mixed"), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="'mixed' normalises over the batch"):
        sample_gradients(in_precision(model, "float64"), inputs)


def test_a_copy_in_float64_computes_the_same(inputs):
    model = learners.network(5, BASE | {"depth": 3}, "test")
    copy = in_precision(model, "float64")
    assert copy(inputs).dtype == tf.float64
    assert all(weight.dtype == "float64" for weight in copy.trainable_variables)
    np.testing.assert_allclose(copy(inputs), model(inputs.astype("float32")), rtol=1e-5)
