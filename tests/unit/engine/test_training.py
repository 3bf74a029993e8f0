"""The engine against a plain NumPy reimplementation, and against itself when interrupted."""

import importlib.util
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.backend.tensorflow.optimizer import TFOptimizer

from failures.config.types import OPTIMIZERS, Learner, Optimizer
from failures.engine.learners import optimizer
from failures.engine.seeding import DATA, EVALUATION
from failures.engine.training import Checkpoint, Schedule, Trainer, run
from failures.families.parity.config import Problem
from failures.families.parity.problem import draw_instances
from failures.families.parity.training import Training
from failures.runtime.progress import Progress

PROBLEM = Problem(
    n_features=6, encoding="signed", n_steps=60, evaluate_every=7, evaluation=50, checkpoint_every=14
).model_dump()
LEARNER = Learner(batch_size=16, optimizer=Optimizer(learning_rate=0.05)).model_dump()
MOMENTUM = {"name": "SGD", "learning_rate": 0.05, "arguments": {"momentum": 0.9}}
SCHEDULE_FREE = {"name": "ScheduleFreeAdamW", "learning_rate": 0.01, "arguments": {}}
ADAM = {"name": "Adam", "learning_rate": 0.01, "arguments": {}}


def trial(row):
    return list(draw_instances("test", PROBLEM["n_features"], "random", [0, 1], "paper").itertuples(index=False))[row]


def begun(problem=PROBLEM, learner=LEARNER, row=0):
    training = Training("test", problem, "relu", learner)
    training.begin(trial(row))
    return training


def finished(training, checkpoint=None, identity="same"):
    return run(training.trainer, checkpoint, identity, Progress("test", 60))


# The gradient of the loss of one sample with respect to its score p, for a label y.
SLOPES = {
    "hinge": lambda y, p: -y * (y * p < 1),
    "square": lambda y, p: p - y,
    "logistic": lambda y, p: -y / (1 + np.exp(y * p)),
}


def numpy_gradients(weights, x, y, slope):
    """Gradients of the mean loss of a one-hidden-layer ReLU net, written out. weights: float64."""
    w1, b1, w2, b2 = weights
    before = x @ w1 + b1
    hidden = np.maximum(before, 0)
    delta = slope(y, hidden @ w2 + b2) / len(x)
    back = (delta @ w2.T) * (before > 0)
    return [x.T @ back, back.sum(0), hidden.T @ delta, delta.sum(0)]


def numpy_sgd(weights, gradients, state, step):
    return [w - 0.05 * g for w, g in zip(weights, gradients, strict=True)], state


def numpy_momentum(weights, gradients, state, step):
    state = state or [0.0] * len(weights)
    state = [0.9 * m - 0.05 * g for m, g in zip(state, gradients, strict=True)]
    return [w + m for w, m in zip(weights, state, strict=True)], state


def numpy_adam(weights, gradients, state, step):
    means, squares = state or ([0.0] * len(weights), [0.0] * len(weights))
    means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients, strict=True)]
    squares = [0.999 * v + 0.001 * g**2 for v, g in zip(squares, gradients, strict=True)]
    rate = 0.01 * np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
    return [w - rate * m / (np.sqrt(v) + 1e-7) for w, m, v in zip(weights, means, squares, strict=True)], (
        means,
        squares,
    )


def numpy_schedule_free(weights, gradients, state, step):
    """Defazio et al. 2024. (Keras' eager updates on TensorFlow see the new z where they mean the old one.)"""
    z, squares = state or (weights, [0.0] * len(weights))
    squares = [0.999 * v + 0.001 * g**2 for v, g in zip(squares, gradients, strict=True)]
    moves = [
        0.01 * g / (np.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-8) for g, v in zip(gradients, squares, strict=True)
    ]
    following = [a - move for a, move in zip(z, moves, strict=True)]
    means = [(y - 0.1 * a) / 0.9 for y, a in zip(weights, z, strict=True)]
    means = [x + (a - x) / (step + 1) for x, a in zip(means, following, strict=True)]
    return [0.1 * a + 0.9 * x for a, x in zip(following, means, strict=True)], (following, squares)


@pytest.mark.parametrize("encoding", ["signed", "binary"])
@pytest.mark.parametrize(
    ("loss", "optimizer", "update"),
    [
        ("hinge", LEARNER["optimizer"], numpy_sgd),
        ("square", LEARNER["optimizer"], numpy_sgd),
        ("logistic", LEARNER["optimizer"], numpy_sgd),
        ("hinge", MOMENTUM, numpy_momentum),
        ("logistic", ADAM, numpy_adam),
        ("square", SCHEDULE_FREE, numpy_schedule_free),
    ],
)
def test_steps_are_those_of_plain_numpy(loss, optimizer, update, encoding):
    problem = PROBLEM | {"n_steps": 4, "evaluate_every": 3, "encoding": encoding}
    training = begun(problem, LEARNER | {"loss": loss, "optimizer": optimizer})
    objective, trainer = training.objective, training.trainer
    weights, state = [w.astype(np.float64) for w in trainer.learner.get_weights()], None
    for step in range(4):
        batch = objective.sample(16, DATA, tf.constant(step, tf.int64))
        x, y = (tensor.numpy().astype(np.float64) for tensor in batch)
        weights, state = update(weights, numpy_gradients(weights, x, y, SLOPES[loss]), state, step)
    result = finished(training)
    for ours, expected in zip(trainer.learner.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2e-5, atol=2e-6)
    # The last evaluation belongs to the last weights.
    x, y = (t.numpy() for t in objective.sample(50, EVALUATION, tf.constant(3, tf.int64)))
    scores = np.maximum(x @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
    assert result.values[-1, 0] == pytest.approx(np.mean(y * scores > 0))


@pytest.mark.parametrize(
    ("n_steps", "every", "expected"),
    [(1, 100, [0]), (100, 100, [0, 99]), (101, 100, [0, 100]), (250, 100, [0, 100, 200, 249]), (3, 1, [0, 1, 2])],
)
def test_evaluations_come_at_multiples_and_at_the_last_step(n_steps, every, expected):
    assert Schedule(n_steps, every, 10).evaluation_steps.tolist() == expected


@pytest.mark.parametrize("checkpoint_every", [1, 7, 8, 20, 1000])
def test_chunks_cover_all_evaluations(checkpoint_every):
    schedule = Schedule(60, 7, checkpoint_every)
    total = len(schedule.evaluation_steps)
    for done in range(total):
        ends = schedule.chunks(done)
        assert ends[-1] == total
        assert all(0 < size <= max(1, -(-checkpoint_every // 7)) for size in np.diff([done, *ends]))
    assert schedule.chunks(total) == []


@pytest.mark.parametrize("optimizer", [LEARNER["optimizer"], ADAM])
def test_a_resumed_run_has_the_same_bits(tmp_path, optimizer):
    training = begun(learner=LEARNER | {"optimizer": optimizer})
    whole = finished(training).values
    weights = training.trainer.learner.get_weights()
    path = tmp_path / "run.npz"
    for stop in (1, 2, 3):
        training = begun(learner=LEARNER | {"optimizer": optimizer})
        callback = Checkpoint(path, "same")
        done = callback.restore(training.trainer)
        assert done == min(2 * (stop - 1), 9)
        chunks = tf.data.Dataset.from_tensor_slices(np.array(training.trainer.schedule.chunks(done)[:1]))
        training.trainer.fit(chunks, shuffle=False, verbose=0, callbacks=[callback])
    resumed = begun(learner=LEARNER | {"optimizer": optimizer})
    np.testing.assert_array_equal(finished(resumed, path).values, whole)
    for ours, expected in zip(resumed.trainer.learner.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_chunks_do_not_change_results():
    results = [finished(begun(PROBLEM | {"checkpoint_every": every})).values for every in (1, 21, 1000)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_a_checkpoint_of_something_else_is_ignored(tmp_path):
    path = tmp_path / "run.npz"
    finished(begun(), path, identity={"learning_rate": 0.05})
    assert Checkpoint(path, {"learning_rate": 0.1}).restore(begun().trainer) == 0
    assert Checkpoint(path, {"learning_rate": 0.05}).restore(begun().trainer) == 10


def test_a_run_does_not_depend_on_the_one_before():
    training = begun(learner=LEARNER | {"optimizer": ADAM}, row=0)
    finished(training)
    training.begin(trial(1))
    second = finished(training).values
    np.testing.assert_array_equal(second, finished(begun(learner=LEARNER | {"optimizer": ADAM}, row=1)).values)


@pytest.mark.parametrize(("name", "rewritten"), [("Muon", False), ("SGD", True)])
def test_sums_of_muon_are_not_rewritten(name, rewritten):
    """With the rewriting, lines of the paper's scale end in an AlreadyExistsError after some hundred steps."""
    training = begun(learner=LEARNER | {"optimizer": {"name": name, "learning_rate": 0.05, "arguments": {}}})
    options = tf.config.optimizer.get_experimental_options
    before, seen = options(), []
    callback = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append(options()))
    training.trainer.train_to([1], callback)
    assert [found.get("arithmetic_optimization", True) for found in seen] == [rewritten]
    assert options().get("arithmetic_optimization", True) == before.get("arithmetic_optimization", True)


def test_divergence_is_a_result():
    rate = {"name": "SGD", "learning_rate": 1000.0, "arguments": {}}
    problem = PROBLEM | {"n_steps": 100, "evaluate_every": 1, "checkpoint_every": 40}
    result = finished(begun(problem, LEARNER | {"loss": "square", "optimizer": rate}))
    assert result.status == "diverged"
    assert np.isfinite(result.values[:-1]).all()
    assert not np.isfinite(result.values[-1]).all()
    assert len(result.values) < 40


@pytest.mark.parametrize(
    ("changes", "compiled"),
    [
        ({}, True),
        ({"depth": 33}, True),
        ({"depth": 33, "normalization": "layer"}, False),
        ({"architecture": "convolutional"}, False),
    ],
)
def test_only_what_pays_is_compiled(changes, compiled):
    """XLA takes gigabytes for many layers with normalisation, and seconds a step for convolutions."""
    learner = LEARNER | {"width": 2} | changes
    assert Training("test", PROBLEM, "relu", learner).trainer.xla == compiled


def test_learners_of_other_shapes_train():
    for changes in ({"depth": 0}, {"depth": 3, "width": 5, "activation": "tanh"}, {"activation": "gelu"}):
        result = finished(begun(learner=LEARNER | changes))
        assert result.values.shape == (10, 2)
        assert result.status == "ok"


def test_progress_tells_rate_and_time_left(capsys):
    progress = Progress("d5/relu", 1000, interval=0.0)
    progress.skip(200)
    progress.advance(400)
    line = capsys.readouterr().out
    assert line.startswith("d5/relu: 600/1,000 steps (60%), ")
    assert "steps/s" in line
    assert line.rstrip().endswith("s left")


SNAPSHOTS = PROBLEM | {"snapshots": [0, 35, 59]}


def test_snapshots_are_the_networks_of_those_steps(tmp_path):
    training = begun(SNAPSHOTS)
    result = finished(training, tmp_path / "run.npz")
    assert sorted(result.snapshots) == [0, 35, 59]
    for step, path in result.snapshots.items():
        shorter = begun(PROBLEM | {"n_steps": step + 1})
        run(shorter.trainer, None, "same", Progress("test", step + 1))
        expected = shorter.trainer.learner.get_weights()
        for weight, other in zip(keras.models.load_model(path).get_weights(), expected, strict=True):
            assert np.array_equal(weight, other)


def test_snapshots_change_nothing_and_outlive_an_interruption(tmp_path):
    plain, kept = finished(begun()), finished(begun(SNAPSHOTS), tmp_path / "whole.npz")
    assert np.array_equal(plain.values, kept.values)
    training = begun(SNAPSHOTS)
    stop = Checkpoint(tmp_path / "cut.npz", "same")
    training.trainer.fit(
        tf.data.Dataset.from_tensor_slices(np.array([1, 3])), shuffle=False, verbose=0, callbacks=[stop]
    )
    resumed = finished(begun(SNAPSHOTS), tmp_path / "cut.npz")
    assert np.array_equal(resumed.values, kept.values)
    for step, path in resumed.snapshots.items():
        assert path.read_bytes() == kept.snapshots[step].read_bytes()


def test_the_end_of_a_run_does_not_wait_for_the_tuner_of_tf_data(monkeypatch):
    trainer, given = begun().trainer, []
    monkeypatch.setattr(trainer, "fit", lambda data, **options: given.append(data))
    trainer.train_to([1, 2])
    assert given[0].options().autotune.enabled is False
    assert list(given[0].as_numpy_iterator()) == [1, 2]


def test_chunks_end_at_snapshots_and_checkpoints():
    schedule = Schedule(60, 7, 14, (0, 35))
    assert schedule.chunks(0) == [1, 2, 4, 6, 8, 10]
    assert schedule.chunks(6) == [8, 10]


@pytest.fixture
def restore_keras(monkeypatch):
    """Give Keras' optimisers back what `failures.engine.workarounds` takes from them."""

    def restore():
        spec = importlib.util.spec_from_file_location("original", inspect.getfile(TFOptimizer))
        original = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(original)
        taken = {name: value for name, value in vars(original.TFOptimizer).items() if name not in vars(TFOptimizer)}
        assert "_backend_update_step" in taken
        for name, value in taken.items():
            monkeypatch.setattr(TFOptimizer, name, value, raising=False)

    return restore


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"ScheduleFreeAdamW"}))
def test_the_loop_makes_the_updates_of_keras(name, restore_keras):
    """Compiled by XLA or not, carried values are updated as Keras updates variables, one eager step after another."""
    arguments = {"weight_decay": 0.01, "global_clipnorm": 0.5}
    settings = {"name": name, "learning_rate": 0.01, "arguments": arguments}
    training = begun(PROBLEM | {"n_steps": 5, "evaluate_every": 2}, LEARNER | {"optimizer": settings})
    trainer, start = training.trainer, training.trainer.learner.get_weights()
    finished(training)
    found = [trainer.learner.get_weights()]
    assert int(trainer.optimizer.iterations) == 5
    training.begin(trial(0))
    plain = Trainer(trainer.learner, training.objective, optimizer(settings), trainer.schedule, xla=False)
    run(plain, None, "same", Progress("test", 5))
    found.append(trainer.learner.get_weights())
    trainer.learner.set_weights(start)
    restore_keras()
    eager = optimizer(settings)
    for step in range(5):
        gradients = training.objective.gradients(trainer.learner, tf.constant(step, tf.int64))
        eager.apply(gradients, trainer.learner.trainable_variables)
    assert int(plain.optimizer.iterations) == 5
    for weights in found:
        for ours, expected, first in zip(weights, trainer.learner.get_weights(), start, strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
            assert not np.array_equal(ours, first)
