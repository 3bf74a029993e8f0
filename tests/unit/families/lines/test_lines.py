"""Lines: images against a slow rasteriser, the sparse evaluation against the plain layers, batches and labels."""

import math
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from failures.families.lines import cells, networks, objective, problem
from failures.families.lines import sparse_n1 as sparse
from failures.families.lines.objective import LinesObjective, n_parts
from failures.families.lines.training import Training

CONVENTIONS = ("scripts", "text")
SGD = {"name": "SGD", "learning_rate": 0.1, "arguments": {}}
LEARNER = {"batch_size": 6, "conventions": "scripts", "optimizer": SGD}


def rasterised(angle, length, row, column, conventions):
    """The pixels of one line, point by point, as in the scripts (`int` truncates) or the text (`round`)."""
    pixels = np.zeros((28, 28))
    for distance in range(math.floor(length / 2)):
        for side in (1, -1):
            point = (row + side * distance * math.cos(angle), column + side * distance * math.sin(angle))
            place = tuple(int(number) if conventions == "scripts" else round(number) for number in point)
            if all(0 <= number < 28 for number in place):
                pixels[place] = 1
    return pixels


@pytest.mark.parametrize("conventions", CONVENTIONS)
def test_images_are_those_of_a_slow_rasteriser(conventions):
    n = 500
    images = problem.draw_images(n, conventions, np.random.default_rng(3))
    pixels, labels = problem.unpack(images)
    rng = np.random.default_rng(3)
    angles, lengths = rng.random(n) * np.pi, 5 + rng.random(n) * 18
    centres = rng.random((2, n)) * (28 if conventions == "scripts" else 27)
    for number in range(n):
        expected = rasterised(angles[number], lengths[number], *centres[:, number], conventions)
        np.testing.assert_array_equal(pixels[number, :, :, 0], expected)
        assert labels[number] == (1 if angles[number] < np.pi / 2 else -1)


def test_a_quarter_of_the_scripts_images_has_points_that_truncation_moves_in():
    """Coordinates in (-1, 0) become 0: about 23 % of the images."""
    rng = np.random.default_rng(0)
    n = 20_000
    moved = 0
    for angle, length, row, column in zip(
        rng.random(n) * np.pi, 5 + rng.random(n) * 18, rng.random(n) * 28, rng.random(n) * 28, strict=True
    ):
        distances = np.arange(-math.floor(length / 2) + 1, math.floor(length / 2))
        points = np.stack([row + distances * math.cos(angle), column + distances * math.sin(angle)])
        near = ((points > -1) & (points < 0)).any(0) & ((points > -1) & (points < 28)).all(0)
        moved += near.any()
    assert moved / n == pytest.approx(0.23, abs=0.01)


@pytest.mark.parametrize(("conventions", "expected"), [("scripts", 0.051), ("text", 0.0473)])
def test_a_tenth_of_the_images_is_aligned_and_has_either_label(conventions, expected):
    images = problem.draw_images(200_000, conventions, np.random.default_rng(1))
    aligned = problem.is_aligned(images)
    assert aligned.mean() / 2 == pytest.approx(expected, abs=0.002)
    assert images[aligned, problem.SIZE].mean() == pytest.approx(0, abs=0.03)
    # All other images have one label only.
    others = images[~aligned]
    assert len(np.unique(others, axis=0)) == len(np.unique(others[:, : problem.SIZE], axis=0))


def test_aligned_images_are_those_of_one_row_or_column():
    pixels, _ = problem.unpack(problem.draw_images(300, "scripts", np.random.default_rng(2)))
    images = problem.draw_images(300, "scripts", np.random.default_rng(2))
    expected = [
        len(set(rows)) == 1 or len(set(columns)) == 1
        for rows, columns in (np.nonzero(image[:, :, 0]) for image in pixels)
    ]
    assert problem.is_aligned(images).tolist() == expected


def test_the_ceiling_is_the_chance_of_an_even_number_of_wrong_labels():
    error = 0.051
    for k in range(1, 5):
        even = sum(math.comb(k, wrong) * error**wrong * (1 - error) ** (k - wrong) for wrong in range(0, k + 1, 2))
        assert problem.ceiling(error, k) == pytest.approx(even)


def test_labels_of_tuples():
    labels = np.array([[1, 1], [1, -1], [-1, -1]], float)
    assert problem.tuple_labels(labels, "text").tolist() == [1, -1, 1]
    # The scripts: 2 * (number of +1, modulo 2) - 1.
    for k in range(1, 6):
        drawn = np.random.default_rng(k).choice([-1.0, 1.0], (50, k))
        assert problem.tuple_labels(drawn, "scripts").tolist() == (2 * ((drawn > 0).sum(1) % 2) - 1).tolist()


def test_networks_are_those_of_the_scripts():
    learner = networks.learner(3, "test")
    assert learner.output_shape == (None, 1)
    assert [tuple(w.shape) for w in learner.get_layer("n1").weights if len(w.shape) > 1] == [
        (5, 5, 1, 16), (5, 5, 16, 16), (784, 50), (50, 100), (100, 1)
    ]  # fmt: skip
    stds = [np.std(w) / 0.8796 for w in learner.get_layer("n1").get_weights() if w.ndim > 1]
    assert stds == pytest.approx([28**-0.5, 0.25, 784**-0.5, 50**-0.5, 0.1], rel=0.1)
    assert all((w == 0).all() for w in learner.get_weights() if w.ndim == 1)


def shifted(model, seed=5):
    """Other weights, with biases that are not 0."""
    for number, variable in enumerate(model.trainable_variables):
        variable.assign(variable + 0.05 * tf.random.stateless_normal(variable.shape, [seed, number]))
    return model


def drawn_and_odd():
    """Random images, and those where maxima have equal members: blank, full, stripes, single pixels, corners."""
    images = problem.draw_images(60, "scripts", np.random.default_rng(4))
    odd = np.zeros((20, problem.COLUMNS), np.int32)
    odd[1, :28] = 2**28 - 1
    odd[2, ::2] = 2**28 - 1
    odd[3, :28] = 0x5555555
    odd[4, 0], odd[5, 27], odd[6, 0], odd[7, 27] = 1, 1, 1 << 27, 1 << 27
    for number in range(8, 20):
        odd[number, number] = 1 << number
    odd[:, problem.SIZE] = 1
    # Noise of several densities, whose patches are all different, and images that occur twice.
    rng = np.random.default_rng(5)
    noise = np.ones((8, problem.COLUMNS), np.int32)
    for number, density in enumerate((0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 0.9)):
        noise[number, :28] = (rng.random((28, 28)) < density) @ (1 << np.arange(28))
    return np.concatenate([images, odd, noise, images[:5], noise[:4]])


def test_the_sparse_evaluation_is_that_of_the_plain_layers():
    n1 = shifted(networks.n1("test"))
    images = drawn_and_odd()
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
    np.testing.assert_allclose(fast, plain, rtol=1e-5, atol=1e-5 * np.abs(plain).max())
    for ours, theirs in zip(found, expected, strict=True):
        assert np.linalg.norm(ours - theirs) <= 1e-5 * np.linalg.norm(theirs)


def test_batches_of_one_image_and_of_blank_images_have_the_gradients_of_the_plain_layers():
    n1 = shifted(networks.n1("test"))
    for images in (drawn_and_odd()[:1], np.zeros((3, problem.COLUMNS), np.int32)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(n1(problem.unpack(images)[0]))
        expected = tape.gradient(loss, n1.trainable_variables)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(sparse.scores(sparse.matrices(n1), tf.constant(images)))
        for ours, theirs in zip(tape.gradient(loss, n1.trainable_variables), expected, strict=True):
            assert np.linalg.norm(ours - theirs) <= 1e-5 * np.linalg.norm(theirs)


def test_cells_that_see_or_reach_a_pixel():
    """Against windows of pixels: a cell sees 8 x 8 pixels, and reaches the 3 x 3 cells around it."""
    images = drawn_and_odd()
    pixels = np.pad(problem.unpack(images)[0][..., 0], [(0, 0), (2, 2), (2, 2)])
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (8, 8), axis=(1, 2))[:, ::4, ::4]
    seen = windows.any(axis=(3, 4))
    found = cells.active(tf.constant(images))
    np.testing.assert_array_equal(found.seen, seen)
    np.testing.assert_array_equal(found.index, np.flatnonzero(seen))
    np.testing.assert_array_equal(found.rows, (windows[seen] @ (1 << np.arange(8))).astype(int))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(seen, [(0, 0), (1, 1), (1, 1)]), (3, 3), axis=(1, 2))
    counts = around.sum(axis=(3, 4)).reshape(len(images), 49)
    reached = cells.reached_cells(found.seen)
    place, image = np.nonzero(counts.T)
    np.testing.assert_array_equal(reached.place, place)
    np.testing.assert_array_equal(reached.cell, 49 * image + place)
    n, row = len(place), reached.row.numpy()
    np.testing.assert_array_equal(row[reached.cell], np.arange(n))
    blank = np.flatnonzero(counts == 0)
    np.testing.assert_array_equal(row[blank], n + 1 + blank % 49)
    patches = tf.range(len(found.index))
    rows, segments, receivers = (values.numpy() for values in cells.links(found, reached, patches))
    assert (np.diff(segments) >= 0).all()
    np.testing.assert_array_equal(np.bincount(segments), counts.ravel()[reached.cell])
    # Each contribution goes to the cell that receives its gradient, and no other is used.
    np.testing.assert_array_equal(receivers.ravel()[rows], segments)
    assert len(np.unique(rows)) == len(rows) == (receivers < n).sum()
    assert receivers.max() == n
    source, step = np.divmod(rows, 9)
    target = reached.cell.numpy()[segments]
    distance = np.stack(np.divmod(target % 49, 7)) - np.stack(np.divmod(found.index.numpy()[source] % 49, 7))
    np.testing.assert_array_equal(distance, np.stack(np.divmod(step, 3)) - 1)
    np.testing.assert_array_equal(target // 49, found.index.numpy()[source] // 49)


def test_equal_members_of_a_window_pass_the_gradient_to_the_first():
    """As TensorFlow's pooling does: an asymmetric second layer tells which member it was."""
    members = [tf.constant([[value]]) for value in (1.0, 1.0, 1.0, 0.0)]
    with tf.GradientTape() as tape:
        tape.watch(members)
        largest = sparse._maximum_of_four(members)
    assert [g.numpy().item() for g in tape.gradient(largest, members)] == [1, 0, 0, 0]
    window = tf.constant([[1.0, 1.0], [1.0, 0.0]])[None, :, :, None]
    with tf.GradientTape() as tape:
        tape.watch(window)
        pooled = tf.nn.max_pool2d(window, 2, 2, "VALID")
    assert tape.gradient(pooled, window).numpy().ravel().tolist() == [1, 0, 0, 0]


def test_a_line_touches_few_cells():
    images = tf.constant(problem.draw_images(1000, "scripts", np.random.default_rng(0)))
    assert cells.active(images).rows.shape[0] < 9 * 1000
    assert cells.active(tf.zeros([5, problem.COLUMNS], tf.int32)).rows.shape[0] == 0


@pytest.mark.parametrize("method", ["end_to_end", "decomposition"])
@pytest.mark.parametrize("tuple_length", [1, 3])
def test_gradients_in_parts_are_those_of_the_whole_loss(method, tuple_length):
    images = problem.draw_images(600, "scripts", np.random.default_rng(0))
    settings = {"method": method, "batch_size": 90, "conventions": "scripts"}
    lines = LinesObjective(images, images[:60], 200, tuple_length, settings)
    lines.assign(590)
    assert lines.parts > 1
    model = shifted(networks.learner(tuple_length, "test"))
    step = tf.constant(3, tf.int64)
    numbers = (590 + tuple_length * ((3 * 90 + np.arange(90)) % 200)[:, None] + np.arange(tuple_length)) % 600
    np.testing.assert_array_equal(lines.batch(step), images[numbers.ravel()])
    pixels, labels = problem.unpack(images[numbers.ravel()])
    pixels, labels = pixels.reshape(90, tuple_length, 28, 28, 1), labels.reshape(90, tuple_length)
    joint = problem.tuple_labels(labels, "scripts")[:, None]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.relu(1 - joint * model(pixels)))
        if method == "decomposition":
            single = model.get_layer("n1")(pixels.reshape(-1, 28, 28, 1))
            loss += tf.reduce_mean(tf.nn.relu(1 - labels.reshape(-1, 1) * single))
    expected = tape.gradient(loss, model.trainable_variables)
    assert float(lines.loss(model, step)) == pytest.approx(float(loss), rel=1e-5)
    found = tf.function(lambda: lines.gradients(model, step))()
    scale = max(np.linalg.norm(gradient) for gradient in expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert np.linalg.norm(ours - theirs) <= 1e-5 * max(np.linalg.norm(theirs), 1e-2 * scale)


TRAINED = """
import hashlib, sys
from failures.engine.tensorflow_setup import configure_tensorflow
from failures.runtime.progress import Progress
configure_tensorflow(int(sys.argv[1]))
from failures.families.lines.config import Learner, Problem
from failures.families.lines.problem import draw_instances
from failures.families.lines.training import Training
from failures.engine.training import run
problem = Problem(tuple_length=2, n_tuples=500, n_steps=5, evaluate_every=2, evaluation=100, stream="test").model_dump()
training = Training(problem, Learner(method="end_to_end").model_dump() | {"conventions": "scripts"})
training.begin(next(draw_instances("test", 1000, [0]).itertuples(index=False)))
values = run(training.trainer, None, "same", Progress("test", 5)).values
print(hashlib.sha256(b"".join(array.tobytes() for array in [values, *training.trainer.state])).hexdigest())
"""


@pytest.mark.slow
def test_threads_change_no_bit():
    path = str(Path(objective.__file__).parents[3])
    hashes = []
    for threads in (1, 2, 3):
        command = [sys.executable, "-c", TRAINED, str(threads)]
        environment = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        hashes.append(done.stdout.splitlines()[-1])
    assert len(hashes[0]) == 64
    assert len(set(hashes)) == 1


def test_evaluation_is_that_of_the_plain_model():
    images = problem.draw_images(900, "text", np.random.default_rng(0))
    lines = LinesObjective(images, images, 100, 3, {"method": "end_to_end", "batch_size": 9, "conventions": "text"})
    model = shifted(networks.learner(3, "test"))
    pixels, labels = problem.unpack(images)
    scores = model.predict(pixels.reshape(300, 3, 28, 28, 1), verbose=0)[:, 0]
    joint = labels.reshape(300, 3).prod(1)
    single = model.get_layer("n1").predict(pixels, verbose=0)[:, 0]
    expected = [np.mean(scores * joint > 0), np.mean(np.maximum(0, 1 - scores * joint)), np.mean(single * labels > 0)]
    assert lines.evaluate(model, tf.constant(0)).numpy() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("n_tuples", "length", "expected"), [(200, 4, 2), (200, 1, 2), (200, 5, 4), (7, 4, 1), (199, 4, 199)]
)
def test_parts_are_equal_and_small(n_tuples, length, expected):
    assert n_parts(n_tuples, length) == expected
    assert n_parts(3, objective.CHUNK + 1) == 3


def test_replicates_differ_and_methods_start_alike():
    settings = {"tuple_length": 2, "n_tuples": 50, "n_steps": 30, "evaluate_every": 10, "evaluation": 5}
    settings |= {"checkpoint_every": 10, "snapshots": [], "stream": "test"}
    methods = {
        method: Training(settings, LEARNER | {"method": method, "n_steps": longest})
        for method, longest in (("end_to_end", None), ("decomposition", 20))
    }
    instances = problem.draw_instances("test", 100, [0, 1])
    states = {}
    for method, training in methods.items():
        for trial in instances.itertuples():
            training.begin(trial)
            states[method, trial.seed] = training.trainer.state[0]
    np.testing.assert_array_equal(states["end_to_end", 0], states["decomposition", 0])
    assert not np.array_equal(states["end_to_end", 0], states["end_to_end", 1])
    assert instances["start"].between(0, 99).all()
    assert instances["start"].nunique() == 2
    assert [training.trainer.schedule.n_steps for training in methods.values()] == [30, 20]


def test_parts_can_be_saved_loaded_and_trained_on_their_own(tmp_path):
    learner = networks.learner(2, "test")
    learner.save(tmp_path / "learner.keras")
    loaded = keras.models.load_model(tmp_path / "learner.keras", safe_mode=True)
    n1 = loaded.get_layer("n1")
    n1.save(tmp_path / "n1.keras")
    pixels, labels = problem.unpack(problem.draw_images(200, "scripts", np.random.default_rng(0)))
    n1.compile("adam", "hinge", jit_compile=False)
    losses = n1.fit(pixels, labels, epochs=5, batch_size=50, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_two_million_images_take_less_than_250_megabytes():
    assert problem.draw_pool(1000, "scripts").nbytes * 2000 < 250e6
