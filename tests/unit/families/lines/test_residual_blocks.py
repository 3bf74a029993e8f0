"""Residual blocks in N1: a second implementation in NumPy, the sparse evaluation against the plain layers, training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from failures.families.lines import networks, problem
from failures.families.lines import sparse_n1 as sparse
from failures.families.lines.config import Learner, Problem
from failures.families.lines.objective import LinesObjective
from failures.families.lines.training import Training


def with_other_weights(model):
    """Weights of other sizes, with biases that are not 0."""
    for number, variable in enumerate(model.trainable_variables):
        variable.assign(variable + 0.05 * tf.random.stateless_normal(variable.shape, [3, number]))
    return model


def images_of_all_kinds():
    """Lines, and images whose maxima have equal members."""
    odd = np.zeros((8, problem.COLUMNS), np.int32)
    odd[1, :28], odd[2, ::2], odd[3, :28], odd[4, 0], odd[5, 27] = 2**28 - 1, 2**28 - 1, 0x5555555, 1, 1 << 27
    odd[:, problem.SIZE] = 1
    return np.concatenate([problem.draw_images(60, "scripts", np.random.default_rng(4)), odd])


def test_a_block_adds_the_relu_of_a_convolution_to_its_input():
    """Written out position by position, with zeros around the map."""
    n1 = with_other_weights(networks.n1("test", blocks=2))
    pixels, _ = problem.unpack(problem.draw_images(2, "scripts", np.random.default_rng(1)))
    inside = keras.Model(n1.inputs[0], [n1.get_layer("maximum_2").output, n1.get_layer("flat").output])
    maps, flat = (values.numpy() for values in inside(pixels))
    for name in ("block_1", "block_2"):
        kernel, bias = n1.get_layer(name).get_weights()
        wide = np.pad(maps, [(0, 0), (1, 1), (1, 1), (0, 0)])
        added = np.empty_like(maps)
        for row in range(7):
            for column in range(7):
                window = wide[:, row : row + 3, column : column + 3].reshape(2, -1)
                added[:, row, column] = np.maximum(window @ kernel.reshape(-1, 16) + bias, 0)
        maps = maps + added
    np.testing.assert_allclose(flat, maps.reshape(2, -1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("blocks", [1, 4])
def test_the_sparse_evaluation_with_blocks_is_that_of_the_plain_layers(blocks):
    n1 = with_other_weights(networks.n1("test", blocks=blocks))
    images = images_of_all_kinds()
    pixels, _ = problem.unpack(images)
    directions = np.random.default_rng(0).standard_normal((len(images), 1)).astype(np.float32)
    with tf.GradientTape() as tape:
        plain = n1(pixels)
        loss = tf.reduce_sum(plain * directions)
    expected = tape.gradient(loss, n1.trainable_variables)
    with tf.GradientTape() as tape:
        fast = sparse.scores(sparse.matrices(n1), tf.constant(images))
        loss = tf.reduce_sum(fast * directions)
    found = tape.gradient(loss, n1.trainable_variables)
    assert len(found) == 10 + 2 * blocks
    np.testing.assert_allclose(fast, plain, rtol=1e-5, atol=1e-5 * np.abs(plain).max())
    for ours, theirs in zip(found, expected, strict=True):
        assert np.linalg.norm(ours - theirs) <= 1e-5 * np.linalg.norm(theirs)


@pytest.mark.parametrize("method", ["end_to_end", "decomposition"])
def test_gradients_in_parts_with_blocks_are_those_of_the_whole_loss(method):
    images = problem.draw_images(400, "scripts", np.random.default_rng(0))
    settings = {"method": method, "batch_size": 90, "conventions": "scripts"}
    lines = LinesObjective(images, images[:60], 200, 2, settings)
    assert lines.parts > 1
    model = with_other_weights(networks.learner(2, "test", blocks=2))
    step = tf.constant(1, tf.int64)
    pixels, labels = problem.unpack(lines.batch(step).numpy())
    joint = problem.tuple_labels(labels.reshape(90, 2), "scripts")[:, None]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.relu(1 - joint * model(pixels.reshape(90, 2, 28, 28, 1))))
        if method == "decomposition":
            loss += tf.reduce_mean(tf.nn.relu(1 - labels[:, None] * model.get_layer("n1")(pixels)))
    expected = tape.gradient(loss, model.trainable_variables)
    found = tf.function(lambda: lines.gradients(model, step))()
    scale = max(np.linalg.norm(gradient) for gradient in expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert np.linalg.norm(ours - theirs) <= 1e-5 * max(np.linalg.norm(theirs), 1e-2 * scale)


def test_blocks_change_no_other_weight_and_no_network_without_them():
    shallow, deep = networks.n1("test"), networks.n1("test", blocks=3)
    assert isinstance(shallow, keras.Sequential)
    assert isinstance(networks.n1("test", blocks=0), keras.Sequential)
    for layer in shallow.layers:
        for ours, theirs in zip(layer.get_weights(), deep.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    kernels = [deep.get_layer(f"block_{number}").get_weights()[0] for number in (1, 2, 3)]
    # A normal that is cut at two standard deviations keeps .8796 of its own.
    assert [np.std(kernel) for kernel in kernels] == pytest.approx([0.8796 / 12] * 3, rel=0.05)
    assert not np.array_equal(kernels[0], kernels[1])


def test_a_deep_learner_trains_and_can_be_saved_and_loaded(tmp_path):
    settings = Problem(tuple_length=2, n_tuples=100, n_steps=3, evaluate_every=2, evaluation=10).model_dump()
    training = Training(
        settings | {"stream": "test"},
        Learner(method="end_to_end", batch_size=10, blocks=2).model_dump() | {"conventions": "scripts"},
    )
    training.begin(next(problem.draw_instances("test", 100, [0]).itertuples(index=False)))
    before = training.trainer.learner.get_weights()
    training.trainer.train_to([1, 2])
    after = training.trainer.learner.get_weights()
    moved = [np.any(old != new) for old, new in zip(before, after, strict=True)]
    assert len(moved) == 18
    assert sum(moved) >= 14, "convolutions, blocks and dense layers move"
    training.trainer.learner.save(tmp_path / "learner.keras")
    loaded = keras.models.load_model(tmp_path / "learner.keras", compile=False, safe_mode=True)
    for saved, kept in zip(loaded.get_weights(), after, strict=True):
        np.testing.assert_array_equal(saved, kept)
