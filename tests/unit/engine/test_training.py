"""The training loop: its schedule, its checkpoints and snapshots, and what it compiles."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from failures.engine.training import Checkpoint, Schedule, run
from failures.engine.workarounds import nan_unless_finite
from failures.families.parity.training import Training
from failures.runtime.progress import Progress
from unit.engine.trainings import ADAM, COMPILED, LEARNER, PROBLEM, begun, finished, instance


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


@COMPILED
@pytest.mark.parametrize("optimizer", [LEARNER["optimizer"], ADAM])
def test_a_resumed_run_has_the_same_bits(tmp_path, optimizer, xla):
    settings = {"learner": LEARNER | {"optimizer": optimizer}, "xla": xla}
    training = begun(**settings)
    whole = finished(training).values
    weights = training.trainer.learner.get_weights()
    path = tmp_path / "run.npz"
    for stop in (1, 2, 3):
        training = begun(**settings)
        callback = Checkpoint(path, "same")
        done = callback.restore(training.trainer)
        assert done == min(2 * (stop - 1), 9)
        chunks = tf.data.Dataset.from_tensor_slices(np.array(training.trainer.schedule.chunks(done)[:1]))
        training.trainer.fit(chunks, shuffle=False, verbose=0, callbacks=[callback])
    resumed = begun(**settings)
    np.testing.assert_array_equal(finished(resumed, path).values, whole)
    for ours, expected in zip(resumed.trainer.learner.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, expected)


@COMPILED
def test_chunks_do_not_change_results(xla):
    results = [finished(begun(PROBLEM | {"checkpoint_every": every}, xla=xla)).values for every in (1, 21, 1000)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_a_checkpoint_of_something_else_is_ignored(tmp_path):
    path = tmp_path / "run.npz"
    finished(begun(), path, identity={"learning_rate": 0.05})
    assert Checkpoint(path, {"learning_rate": 0.1}).restore(begun().trainer) == 0
    assert Checkpoint(path, {"learning_rate": 0.05}).restore(begun().trainer) == 10


@COMPILED
def test_a_run_does_not_depend_on_the_one_before(xla):
    settings = {"learner": LEARNER | {"optimizer": ADAM}, "xla": xla}
    training = begun(**settings, row=0)
    finished(training)
    training.begin(instance(1))
    second = finished(training).values
    np.testing.assert_array_equal(second, finished(begun(**settings, row=1)).values)


@COMPILED
@pytest.mark.parametrize(("name", "rewritten"), [("Muon", False), ("SGD", True)])
def test_sums_of_muon_are_not_rewritten(name, rewritten, xla):
    """With the rewriting, lines of the paper's scale end in an AlreadyExistsError after some hundred steps."""
    training = begun(learner=LEARNER | {"optimizer": {"name": name, "learning_rate": 0.05, "arguments": {}}}, xla=xla)
    options = tf.config.optimizer.get_experimental_options
    before, seen = options(), []
    callback = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append(options()))
    training.trainer.train_to([1], callback)
    assert [found.get("arithmetic_optimization", True) for found in seen] == [rewritten]
    assert options().get("arithmetic_optimization", True) == before.get("arithmetic_optimization", True)


@COMPILED
def test_divergence_is_a_result(xla):
    rate = {"name": "SGD", "learning_rate": 1000.0, "arguments": {}}
    problem = PROBLEM | {"n_steps": 100, "evaluate_every": 1, "checkpoint_every": 40}
    result = finished(begun(problem, LEARNER | {"loss": "square", "optimizer": rate}, xla=xla))
    assert result.status == "diverged"
    assert np.isfinite(result.values[:-1]).all()
    assert not np.isfinite(result.values[-1]).all()
    assert len(result.values) < 40


@COMPILED
@pytest.mark.parametrize(("loss", "value"), [("hinge", np.nan), ("square", np.inf)])
def test_weights_that_are_not_finite_are_a_divergence(tmp_path, loss, value, xla):
    """In a compiled loop, `hard_tanh` of a NaN is finite, and so is the loss. A resumed run is the same."""
    learner = LEARNER | {"activation": "hard_tanh", "loss": loss}
    path = tmp_path / "run.npz"
    for done in (0, 2):
        training = begun(learner=learner, xla=xla)
        kernel = training.trainer.learner.get_layer("hidden_1").kernel
        kernel.assign(np.full(kernel.shape, value))
        assert Checkpoint(path, "same").restore(training.trainer) == done
        result = finished(training, path)
        assert result.status == "diverged"
        assert result.values.shape == (1, 2)
        assert not np.isfinite(result.values).all()


@COMPILED
def test_a_weight_that_overflows_late_ends_the_run_at_the_next_evaluation(xla):
    """The chunks between checkpoints do not matter. Infinite biases of `hard_tanh` leave the metrics finite."""
    found = []
    for every in (1, 1000):
        training = begun(PROBLEM | {"checkpoint_every": every}, LEARNER | {"activation": "hard_tanh"}, xla=xla)
        trainer, (index,) = (
            training.trainer,
            [i for i, v in enumerate(training.trainer.carried) if "bias" in v.path][:1],
        )
        update = trainer.update

        def overflow(step, *state, update=update, index=index):
            state = list(update(step, *state))
            state[index] = tf.where(step < 30, state[index], np.inf)
            return state

        trainer.update = overflow
        found.append(finished(training))
    for result in found:
        assert result.status == "diverged"
        np.testing.assert_array_equal(np.isnan(result.values).all(axis=1), [*[False] * 5, True])
        np.testing.assert_array_equal(result.values, found[0].values)


def test_metrics_that_are_not_finite_keep_their_values():
    values = tf.constant([np.inf, 0.5])
    np.testing.assert_array_equal(nan_unless_finite(values, [tf.constant([np.nan])]), values)


@pytest.fixture
def limited():
    """Let Keras' fit end after one batch, as KERAS_MAX_STEPS_PER_EPOCH does."""
    keras.config.set_max_steps_per_epoch(1)
    yield
    keras.config.set_max_steps_per_epoch(None)


@pytest.mark.filterwarnings("ignore:Limiting steps_per_epoch")
def test_a_run_that_keras_cuts_short_fails(tmp_path, limited):
    path = tmp_path / "run.npz"
    with pytest.raises(RuntimeError, match=r"after 2 of 10 evaluations \(8 of 60 steps\), so the run is incomplete"):
        finished(begun(), path)
    keras.config.set_max_steps_per_epoch(None)
    np.testing.assert_array_equal(finished(begun(), path).values, finished(begun()).values)


def test_a_run_without_any_evaluation_fails(monkeypatch):
    training = begun()
    monkeypatch.setattr(training.trainer, "fit", lambda *data, **settings: None)
    with pytest.raises(RuntimeError, match="after 0 of 10 evaluations"):
        finished(training)


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
    """XLA takes gigabytes for many layers with normalisation, and seconds per step for convolutions."""
    learner = LEARNER | {"width": 2} | changes
    assert Training(PROBLEM, learner).trainer.xla == compiled


@COMPILED
def test_learners_of_other_shapes_train(xla):
    for changes in ({"depth": 0}, {"depth": 3, "width": 5, "activation": "tanh"}, {"activation": "gelu"}):
        result = finished(begun(learner=LEARNER | changes, xla=xla))
        assert result.values.shape == (10, 2)
        assert result.status == "ok"


def test_progress_tells_rate_and_time_left(capsys):
    progress = Progress("d5/relu", 1000, interval=0.0)
    progress.skip(200)
    progress.advance(1)
    progress.advance(399)
    started, first, line = capsys.readouterr().out.splitlines()
    assert started == "d5/relu: started, 1,000 steps"
    # The first steps include compilation, so they give no rate.
    assert first == "d5/relu: 201/1,000 steps (20%)"
    assert line.startswith("d5/relu: 600/1,000 steps (60%), ")
    assert "steps/s" in line
    assert line.endswith("s left")


SNAPSHOTS = PROBLEM | {"snapshots": [0, 35, 59]}


@COMPILED
def test_snapshots_are_the_networks_of_those_steps(tmp_path, xla):
    training = begun(SNAPSHOTS, xla=xla)
    result = finished(training, tmp_path / "run.npz")
    assert sorted(result.snapshots) == [0, 35, 59]
    for step, path in result.snapshots.items():
        shorter = begun(PROBLEM | {"n_steps": step + 1}, xla=xla)
        run(shorter.trainer, None, "same", Progress("test", step + 1))
        expected = shorter.trainer.learner.get_weights()
        for weight, other in zip(keras.models.load_model(path).get_weights(), expected, strict=True):
            assert np.array_equal(weight, other)


@COMPILED
def test_snapshots_change_nothing_and_outlive_an_interruption(tmp_path, xla):
    plain, kept = finished(begun(xla=xla)), finished(begun(SNAPSHOTS, xla=xla), tmp_path / "whole.npz")
    assert np.array_equal(plain.values, kept.values)
    training = begun(SNAPSHOTS, xla=xla)
    stop = Checkpoint(tmp_path / "cut.npz", "same")
    training.trainer.fit(
        tf.data.Dataset.from_tensor_slices(np.array([1, 3])), shuffle=False, verbose=0, callbacks=[stop]
    )
    resumed = finished(begun(SNAPSHOTS, xla=xla), tmp_path / "cut.npz")
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
