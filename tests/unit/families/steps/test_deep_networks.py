"""Deeper networks of steps: flat hidden layers against NumPy written out, and the arcsine law for their signs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from failures.engine import learners
from failures.engine.training import run
from failures.families.steps import flat
from failures.families.steps.config import Learner, Problem
from failures.families.steps.problem import OFFSETS, costs, draw_instances, step_function, values
from failures.families.steps.training import AFFINE, Training, network
from failures.runtime.progress import Progress

SGD = {"name": "SGD", "learning_rate": 0.05, "arguments": {}}
PLACES = np.array(OFFSETS)
ACTIVATIONS = ["flat", "sign"]


def block(kind, **settings):
    resolved = {"relative": True, "shift": 0.05, "n_logits": 100, "optimizer": SGD}
    return Learner(kind=kind, width=7, batch_size=16, **settings).model_dump() | resolved


def begun(learner, initial_biases=None):
    problem = Problem(n_features=5, input_scale=0.3, n_steps=3, evaluate_every=1, evaluation=50).model_dump()
    training = Training(problem | {"stream": "test"}, learner | {"stream": "deep"})
    training.begin(next(draw_instances("test", 5, initial_biases, [0]).itertuples(index=False)))
    return training


def activated(z, activation):
    return np.sign(z) if activation == "sign" else step_function(z, PLACES)


def forward_only_gradients(weights, activation, x, labels, places):
    """Errors pass back through every step as if it were the identity."""
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    hidden = [x]
    for kernel, bias in layers[:-1]:
        hidden.append(activated(hidden[-1] @ kernel + bias, activation))
    outputs = step_function(hidden[-1] @ layers[-1][0] + layers[-1][1], places)
    delta, gradients = 2 * (outputs - labels) / len(x), []
    for (kernel, _), below in zip(reversed(layers), reversed(hidden), strict=True):
        gradients = [below.T @ delta, delta.sum(axis=0), *gradients]
        delta = delta @ kernel.T
    return gradients


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", [1, 3])
def test_three_forward_only_updates_of_every_flat_layer(depth, activation):
    training = begun(block("forward_only", depth=depth, hidden=activation))
    training.trainer.xla = False  # compiling takes longer
    model, objective = training.trainer.learner, training.objective
    weights = start = [w.astype(np.float64) for w in model.get_weights()]
    assert len(weights) == 2 * (depth + 1)
    places = values(float(objective.bias.numpy()))
    for step in range(3):
        inputs, r = objective.sample(16, objective.data_seed, tf.constant(step, tf.int64))
        labels = step_function(r.numpy().astype(float), places)
        gradients = forward_only_gradients(weights, activation, inputs.numpy().astype(float), labels, places)
        weights = [w - 0.05 * g for w, g in zip(weights, gradients, strict=True)]
    run(training.trainer, None, "test", Progress("test", 3))
    for found, expected, before in zip(model.get_weights(), weights, start, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert abs(expected - before).max() > 1e-4


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_flat_layer_steps_forward_and_lets_errors_pass_back(activation):
    z = np.random.default_rng(0).normal(0, 3, (40, 6)).astype(np.float32)
    inputs = keras.Input((6,))
    model = keras.Model(inputs, flat.straight_through(inputs, activation))
    x, weight = tf.constant(z), tf.constant(np.arange(6.0), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = model(x)
        total = tf.reduce_sum(outputs * weight)
    np.testing.assert_allclose(outputs.numpy(), activated(z.astype(float), activation), atol=1e-5)
    np.testing.assert_allclose(tape.gradient(total, x).numpy(), np.tile(np.arange(6.0), (40, 1)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_saved_network_of_flat_layers_loads_without_its_code(tmp_path, activation):
    model = network(5, block("forward_only", depth=2, hidden=activation), "test")
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(1).normal(size=(9, 5)).astype(np.float32)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x).numpy(), model(x).numpy())


def test_random_layers_of_signs_forget_their_inputs_by_the_arcsine_law():
    """E[sign(a) sign(b)] = (2 / pi) arcsin(c) for normal a and b of correlation c (Sheppard 1899)."""
    model = network(300, block("forward_only", depth=2, hidden="sign") | {"width": 4000}, "test")
    rng, correlation = np.random.default_rng(2), 0.8
    a, b = rng.normal(size=(2, 300))
    b -= a * (a @ b) / (a @ a)
    second = correlation * a / np.linalg.norm(a) + np.sqrt(1 - correlation**2) * b / np.linalg.norm(b)
    x = np.stack([a / np.linalg.norm(a), second]).astype(np.float32)
    last = keras.Model(model.inputs[0], model.get_layer("output").input)
    first = keras.Model(model.inputs[0], model.get_layer("hidden_2").input)
    for hidden, expected in ((first, (0.8,)), (last, (0.8, 2 / np.pi * np.arcsin(0.8)))):
        h = hidden(x).numpy()
        assert h[0] @ h[1] / 4000 == pytest.approx(2 / np.pi * np.arcsin(expected[-1]), abs=0.06)


def test_an_initial_bias_moves_the_output_alone():
    learner = block("forward_only", depth=2)
    training, other = begun(learner, [0.25]), begun(learner)
    *hidden, bias = training.trainer.learner.get_weights()
    *same, zero = other.trainer.learner.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(hidden, same, strict=True))
    assert bias == pytest.approx(training.objective.bias.numpy() + 0.25, abs=1e-6)
    assert zero == [0.0]


def test_the_scripts_networks_are_as_deep_as_before():
    for kind, depth, outputs in (("end_to_end", 3, 1), ("multiclass", 2, 100)):
        found = network(5, block(kind), "test")
        layers = AFFINE | {"width": 7, "depth": depth, "activation": "relu"}
        expected = learners.network(5, layers, "test", kind, n_outputs=outputs)
        assert [layer.name for layer in found.layers] == [layer.name for layer in expected.layers]
        for a, b in zip(found.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_shortcuts_around_relu_layers_written_out():
    model = network(5, block("end_to_end", depth=4, residual=True, initial_weights=1.414), "test")
    weights = [w.astype(np.float64) for w in model.get_weights()]
    x = np.random.default_rng(3).normal(size=(9, 5))
    hidden = np.maximum(x @ weights[0] + weights[1], 0)
    for kernel, bias in zip(weights[2:-2:2], weights[3:-2:2], strict=True):
        hidden = hidden + np.maximum(hidden @ kernel + bias, 0) / 4
    np.testing.assert_allclose(model(x.astype(np.float32)).numpy(), hidden @ weights[-2] + weights[-1], atol=1e-5)


def test_costs_of_deeper_networks_are_those_of_their_weights():
    for kind, depth in (("end_to_end", 5), ("forward_only", 2), ("forward_only", 0)):
        model = network(9, block(kind, depth=depth), "test")
        found = costs(kind, 9, 7, 100, depth)
        assert found["parameters"] == model.count_params()
        assert found["multiply_adds"] == sum(w.size for w in model.get_weights() if w.ndim == 2)
