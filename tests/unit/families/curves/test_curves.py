"""Curves and their learners against loops over the definitions, and training against NumPy written out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from failures.engine.seeding import Streams
from failures.engine.training import run
from failures.families.curves.analyses import decoding
from failures.families.curves.config import Learner, Problem
from failures.families.curves.networks import condition, network
from failures.families.curves.objective import CurveObjective, filter_taps
from failures.families.curves.problem import (
    curve_set,
    decode,
    decoder,
    draw_changes,
    draw_instances,
    encode,
    inverse_root,
    patches,
    second_moment,
)
from failures.families.curves.training import Training
from failures.runtime.progress import Progress

SCRIPTS = [(1, -1, 1), (1, -2, 1), (-2, 1, -1), (1, -1, 2)]
DISTRIBUTIONS = ["slopes", "uniform"]
ADAM = {"name": "Adam", "learning_rate": 0.01, "arguments": {}}
STREAMS = Streams("curves", "test")
LEARNERS = {
    "linear": ("linear", False),
    "convolutional": ("convolution", False),
    "conditioned": ("convolution", True),
    "linear_conditioned": ("linear", True),
    "autoencoder": ("autoencoder", False),
}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_curves_are_sums_of_hinges_at_their_breakpoints(distribution):
    changes = draw_changes(20, 30, 3, distribution, np.random.default_rng(0))
    curves = decode(changes)
    for p, f in zip(changes, curves, strict=True):
        (breakpoints,) = np.nonzero(p)
        assert len(breakpoints) == 3
        expected = [sum(p[theta] * max(t - theta + 1, 0) for theta in breakpoints) for t in range(30)]
        np.testing.assert_allclose(f, expected, atol=1e-12)
    np.testing.assert_allclose(curves, changes @ decoder(30).T, atol=1e-12)


def test_lemma_1_the_inverse_of_w_is_the_filter_of_second_differences():
    changes = draw_changes(50, 40, 3, "uniform", np.random.default_rng(1))
    np.testing.assert_allclose(encode(decode(changes)), changes, atol=1e-12)
    inverse = np.linalg.inv(decoder(40))
    expected = np.eye(40) - 2 * np.eye(40, k=-1) + np.eye(40, k=-2)
    np.testing.assert_allclose(inverse, expected, atol=1e-9)
    # On the points with a whole patch behind them it is the product with (1, -2, 1).
    found = patches(decode(changes)) @ [1.0, -2.0, 1.0]
    np.testing.assert_allclose(found, changes[:, 2:], atol=1e-12)


def test_the_scripts_curves_have_their_slopes_and_free_ends():
    changes = draw_changes(4000, 20, 3, "slopes", np.random.default_rng(2))
    slopes = [tuple(np.cumsum(p[p != 0]).astype(int)) for p in changes]
    assert set(slopes) == set(SCRIPTS)
    assert (changes[:, :3] == 0).all()
    assert (changes[:, 17:] == 0).all()
    used = (changes != 0).mean(axis=0)[3:17]
    assert abs(used - 3 / 14).max() < 5 * np.sqrt(3 / 14 * 11 / 14 / 4000)


def test_the_texts_curves_break_anywhere_by_uniform_changes():
    changes = draw_changes(4000, 12, 3, "uniform", np.random.default_rng(3))
    used = (changes != 0).mean(axis=0)
    assert abs(used - 3 / 12).max() < 5 * np.sqrt(0.25 * 0.75 / 4000)
    values = changes[changes != 0]
    assert abs(values).max() <= 1
    assert abs(values.var() - 1 / 3) < 0.02


def test_the_scripts_curves_do_not_span_the_space():
    """Lemma 2 needs E[p p^T] = lambda I; here only 94 of 100 directions ever occur."""
    changes = draw_changes(10_000, 100, 3, "slopes", np.random.default_rng(4))
    assert np.linalg.matrix_rank(second_moment(changes)) == 94
    assert (
        np.linalg.matrix_rank(second_moment(draw_changes(10_000, 100, 3, "uniform", np.random.default_rng(4)))) == 100
    )


def test_another_number_of_pieces_needs_uniform_changes():
    with pytest.raises(ValueError, match="n_pieces = 4"):
        draw_changes(5, 20, 4, "slopes", np.random.default_rng(0))
    with pytest.raises(ValueError, match="distribution: uniform"):
        Problem(n_pieces=4)
    assert (draw_changes(5, 20, 4, "uniform", np.random.default_rng(0)) != 0).sum() == 20


def test_a_small_training_set_begins_a_larger_one():
    small, _ = curve_set(STREAMS, 0, 20, 3, "uniform", 5, 10)
    _, again = curve_set(STREAMS, 0, 20, 3, "uniform", 50, 10)
    training, validation = curve_set(STREAMS, 0, 20, 3, "uniform", 5, 10)
    assert np.array_equal(small, training)
    assert np.array_equal(again, validation)
    assert not np.array_equal(training, validation[:5])
    other, _ = curve_set(STREAMS, 1, 20, 3, "uniform", 5, 10)
    assert not np.array_equal(other, small)
    table = draw_instances("test", [5, 50], "slopes", [0, 3])
    assert table["n_curves"].tolist() == [5, 50, 5, 50]
    assert table["trial"].is_unique


def test_the_inverse_root_whitens_and_leaves_what_is_not_there():
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 6))
    root = inverse_root(second_moment(rows))
    np.testing.assert_allclose(root, root.T, atol=1e-10)
    values = np.linalg.eigvalsh(second_moment(rows @ root))
    np.testing.assert_allclose(values, [0, 0, 1, 1, 1, 1], atol=1e-8)


def built(name, n_points=16, seed=0):
    architecture, conditioned = LEARNERS[name]
    settings = {"architecture": architecture, "conditioned": conditioned}
    model = network(n_points, 3, settings, "test", seed)
    rng = np.random.default_rng(seed)
    curves = decode(draw_changes(400, n_points, 3, "uniform", rng))
    condition(model, curves)
    if architecture != "autoencoder":
        layer = model.get_layer("changes")
        layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return model, curves


def test_conditioned_inputs_have_the_identity_as_second_moment():
    for name in ("conditioned", "linear_conditioned"):
        model, curves = built(name)
        inside = keras.Model(model.inputs[0], model.get_layer("conditioner").output)
        rows = inside(curves).numpy().astype(np.float64)
        if name == "conditioned":
            rows = rows[:, 2:]  # where the patch is whole
        size = rows.shape[-1]
        np.testing.assert_allclose(second_moment(rows), np.eye(size), atol=2e-2)
        assert not model.get_layer("conditioner").trainable_variables


@pytest.mark.parametrize("name", ["convolutional", "conditioned"])
def test_shifted_sums_are_the_convolution(name):
    model, curves = built(name)
    objective = CurveObjective(16, 10, 10, "convolution", 4)
    inputs = tf.constant(curves[:20], tf.float32)
    found = objective.outputs(model, inputs, training=False).numpy()
    expected = model(inputs).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3 * abs(expected).max())
    taps = filter_taps(model).numpy()
    np.testing.assert_allclose(found[:, 2:], patches(curves[:20]) @ taps[::-1], atol=1e-3 * abs(expected).max())


def test_the_filter_of_second_differences_is_exact_and_scores_zero():
    objective = CurveObjective(16, 10, 10, "convolution", 4)
    changes = draw_changes(10, 16, 3, "slopes", np.random.default_rng(6))
    objective.assign(changes, changes, 1)
    model, _ = built("convolutional")
    model.get_layer("changes").set_weights([np.array([1.0, -2.0, 1.0])[:, None, None]])
    assert objective.evaluate(model, tf.constant(0, tf.int64)).numpy() == pytest.approx([0, 0, 0], abs=1e-10)
    model.get_layer("changes").set_weights([np.zeros((3, 1, 1))])
    loss, error, at_breakpoints = objective.evaluate(model, tf.constant(0, tf.int64)).numpy()
    assert (error, at_breakpoints) == pytest.approx((1, 1))
    assert loss == pytest.approx((changes**2).mean())


def numpy_outputs(name, weights, curves):
    """Outputs written out, and a function from their gradient to the weights' gradients."""
    if name in ("linear", "linear_conditioned"):
        inputs = curves if name == "linear" else curves @ weights[0]
        return inputs @ weights[-1], lambda d: [inputs.T @ d]
    if name in ("convolutional", "conditioned"):
        padded = np.pad(curves, ((0, 0), (2, 0)))
        rows = np.stack([padded[:, i : i + curves.shape[1]] for i in range(3)], axis=-1)
        if name == "conditioned":
            rows = rows @ weights[0][:, 0]
        return (rows @ weights[-1].reshape(3)), lambda d: [np.einsum("btk,bt->k", rows, d).reshape(weights[-1].shape)]
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    values = [curves]
    for index, (kernel, bias) in enumerate(layers, start=1):
        out = values[-1] @ kernel + bias
        values.append(np.maximum(out, 0) if index < len(layers) else out)

    def backward(d):
        gradients = []
        for index in range(len(layers), 0, -1):
            if index < len(layers):
                d = d * (values[index] > 0)
            gradients = [values[index - 1].T @ d, d.sum(axis=0), *gradients]
            d = d @ layers[index - 1][0].T
        return gradients

    return values[-1], backward


@pytest.mark.parametrize("name", LEARNERS)
def test_two_steps_written_out_in_numpy(name):
    architecture, conditioned = LEARNERS[name]
    problem = Problem(n_points=12, n_curves=[40], n_validation=5, n_steps=2, evaluate_every=1).model_dump()
    learner = Learner(architecture=architecture, conditioned=conditioned, batch_size=8).model_dump()
    training = Training(problem | {"stream": "test"}, learner | {"stream": name, "optimizer": ADAM})
    training.begin(next(draw_instances("test", [40], "uniform", [0]).itertuples(index=False)))
    model, objective = training.trainer.learner, training.objective
    weights = [v.numpy().astype(np.float64) for v in model.variables]
    trained = [i for i, v in enumerate(model.variables) if v.trainable]
    moments = {i: (0.0, 0.0) for i in trained}
    for step in range(2):
        changes, curves = (t.numpy().astype(np.float64) for t in objective.sample(tf.constant(step, tf.int64)))
        np.testing.assert_allclose(curves, decode(changes), atol=1e-4)
        outputs, backward = numpy_outputs(name, weights, curves)
        residual = outputs - (curves if name == "autoencoder" else changes)
        size = len(curves) if architecture == "linear" else curves.size
        gradients = backward(2 * residual / size)
        for i, g in zip(trained, gradients, strict=True):
            m, v = (0.9 * moments[i][0] + 0.1 * g, 0.999 * moments[i][1] + 0.001 * g**2)
            moments[i] = (m, v)
            rate = 0.01 * np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
            weights[i] = weights[i] - rate * m / (np.sqrt(v) + 1e-7)
    run(training.trainer, None, "test", Progress("test", 2))
    for found, expected in zip(model.variables, weights, strict=True):
        np.testing.assert_allclose(found.numpy(), expected, atol=2e-4)


def test_decoded_curves_are_w_times_what_is_found(tmp_path):
    table = draw_instances("test", [40], "uniform", [0]).assign(problem="test", learner="convolutional")
    table.to_csv(tmp_path / "runs.csv", index=False)
    model, _ = built("convolutional", n_points=20)
    model.save(tmp_path / "curves_40_seed_0.step_7.keras")
    inputs = {"runs": [tmp_path / "runs.csv"], "models": [tmp_path]}
    found = decoding.analyze(inputs, stream="test", n_points=20, n_pieces=3, n_validation=5, steps=[7, 9], n_shown=2)
    _, changes = curve_set(STREAMS, 0, 20, 3, "uniform", 40, 5)
    curves = decode(changes[:2])
    kept = found[found["step"] == 7]
    np.testing.assert_allclose(kept["original"], curves.ravel())
    taps = model.get_layer("changes").get_weights()[0].reshape(3)
    expected = decode(np.array([np.convolve(f, taps[::-1])[:20] for f in curves]))
    np.testing.assert_allclose(kept["decoded"], expected.ravel(), rtol=1e-3, atol=1e-3)
    assert found.loc[found["step"] == 9, "decoded"].isna().all()
