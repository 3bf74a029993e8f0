"""Deeper autoencoders, plain and with shortcuts, against NumPy written out."""

import numpy as np
import pytest
import tensorflow as tf

from failures.families.curves.config import Learner
from failures.families.curves.networks import network
from failures.families.curves.objective import CurveObjective
from failures.families.curves.problem import draw_changes

SIDES = {2: "encoder", 5: "decoder"}


def built(**settings):
    learner = Learner(architecture="autoencoder", **settings).model_dump()
    return network(16, 3, learner, "test", 0), learner


def numpy_decoded(weights, curves, depth, residual):
    """The autoencoder's outputs; weights: kernel and bias by name of the layer."""

    def relu(name, values):
        kernel, bias = weights[name]
        return np.maximum(values @ kernel + bias, 0)

    hidden = curves
    for layer, name in enumerate(("hidden_1", "hidden_2", "code", "hidden_4", "hidden_5"), start=1):
        hidden = relu(name, hidden)
        for further in range(1, depth // 2 + 1) if layer in SIDES else ():
            branch = relu(f"{SIDES[layer]}_{further}", hidden)
            hidden = hidden + branch / depth if residual else branch
    kernel, bias = weights["decoded"]
    return hidden @ kernel + bias


def by_name(model):
    layers = [layer for layer in model.layers if layer.get_weights()]
    return {layer.name: [w.astype(np.float64) for w in layer.get_weights()] for layer in layers}


@pytest.mark.parametrize(("depth", "residual"), [(0, False), (4, False), (4, True), (6, True)])
def test_outputs_written_out(depth, residual):
    model, _ = built(depth=depth, residual=residual, initial_weights=1.414)
    curves = np.random.default_rng(0).normal(size=(9, 16))
    expected = numpy_decoded(by_name(model), curves, depth, residual)
    assert abs(expected).max() > 1e-3
    np.testing.assert_allclose(model(curves.astype(np.float32)).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("residual", [False, True])
def test_the_gradient_of_the_loss_by_finite_differences(residual):
    model, learner = built(depth=4, residual=residual, initial_weights=1.414, batch_size=8)
    biases = np.random.default_rng(3)  # at biases of 0 a curve whose code is 0 lies on the kinks of all that follows
    model.set_weights([w if w.any() else biases.normal(size=w.shape) for w in model.get_weights()])
    objective = CurveObjective(16, 20, 5, "autoencoder", learner["batch_size"])
    changes = draw_changes(20, 16, 3, "uniform", np.random.default_rng(1))
    objective.assign(changes, changes[:5], 7)
    step = tf.constant(0, tf.int64)
    gradients = [g.numpy().astype(np.float64) for g in objective.gradients(model, step)]
    _, curves = (t.numpy().astype(np.float64) for t in objective.sample(step))
    rng, weights, place = np.random.default_rng(2), by_name(model), 0
    for name, pair in weights.items():
        direction = [rng.normal(size=w.shape) for w in pair]
        slope = sum((g * d).sum() for g, d in zip(gradients[place : place + 2], direction, strict=True))
        place += 2
        losses = []
        for size in (1e-6, -1e-6):
            moved = weights | {name: [w + size * d for w, d in zip(pair, direction, strict=True)]}
            losses.append(((numpy_decoded(moved, curves, 4, residual) - curves) ** 2).mean())
        assert slope == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=2e-3, abs=1e-4), name


def test_no_depth_is_the_scripts_network():
    model, _ = built()
    older = network(16, 3, {"architecture": "autoencoder", "conditioned": False}, "test", 0)
    names = ["curve", "hidden_1", "hidden_2", "code", "hidden_4", "hidden_5", "decoded"]
    assert [layer.name for layer in model.layers] == names
    for found, expected in zip(model.get_weights(), older.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_further_layers_leave_the_others_weights_as_they_are():
    """A study of depth compares networks that start alike where they are alike."""
    (shallow, _), (deep, _) = built(), built(depth=2)
    for layer in shallow.layers[1:]:
        np.testing.assert_array_equal(layer.get_weights()[0], deep.get_layer(layer.name).get_weights()[0])


def test_hes_weights_keep_the_mean_square_of_a_layer():
    """E relu(z)^2 = var(z) / 2, so that a variance of 2 / fan in keeps it (He et al. 2015)."""
    model, _ = built(depth=2, initial_weights=2**0.5)
    for name, fan_in, variance in (("hidden_1", 16, 2 / 16), ("encoder_1", 100, 2 / 100), ("decoded", 100, 1 / 100)):
        kernel = model.get_layer(name).get_weights()[0]
        assert kernel.shape[0] == fan_in
        assert kernel.var() == pytest.approx(variance, rel=5 * (2 / kernel.size) ** 0.5)
