"""`make bench`: rows, contenders without packages of the peers, and all measurements besides training."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import benchmarks.training
from benchmarks import adapters, earlier, generators, peak, samples, signal, worker, workflow
from benchmarks.__main__ import parse
from benchmarks.rows import compared, rows
from failures.config.schema import load
from failures.families.lines.networks import n1, n2
from failures.families.lines.problem import draw_images, is_aligned

ROOT = Path(__file__).resolve().parents[3]
ROWS = rows(load(ROOT))
# Trained weights, by hand: (inputs + 1) x outputs of every dense layer.
N1 = 26 * 16 + (400 + 1) * 16 + 785 * 50 + 51 * 100 + 101
PARAMETERS = {
    "parity_d5": 6 * 50 + 51,
    "portfolio_k10": 1001 * 10,
    "curves_linear": 100 * 100,
    "curves_convolutional": 3,
    "curves_conditioned": 3,
    "curves_autoencoder": 101 * 500 + 501 * 100 + 101 * 6 + 7 * 100 + 101 * 100 + 101 * 100,
    "steps_non_flat": 101,
    "steps_end_to_end": 3 * 101 * 100 + 101,
    "steps_multiclass": 3 * 101 * 100,
    "steps_forward_only": 101,
    "lines_k2": N1 + 3 * 100 + 101,
}

# Compiling the training of one of the other rows takes 5 to 40 s.
CASES = ["parity_d5", *(pytest.param(name, marks=pytest.mark.slow) for name in PARAMETERS if name != "parity_d5")]


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", "workflow")


def small(name):
    """The row with short windows and small batches, and networks of full size."""
    row = ROWS[name]
    sizes = {"evaluate_every": 2, **({"n_tuples": 50, "evaluation": 4} if row.family == "lines" else {})}
    learner = row.learner | {"batch_size": min(row.batch, 10)}
    return replace(row, problem=row.problem | sizes, learner=learner)


def test_rows_have_the_scripts_settings():
    assert len(ROWS) == 22
    portfolio, lines, autoencoder = ROWS["portfolio_k1000"], ROWS["lines_k4_threads2"], ROWS["curves_autoencoder"]
    assert (portfolio.batch, portfolio.every, portfolio.problem["evaluation"]) == (100, 100, 500)
    assert portfolio.optimizer == ("Adam", 0.1, 0.9, 0.99, 1e-5)
    assert (lines.batch, lines.threads, lines.problem["evaluation"] / lines.every) == (200, 2, 2000 / 100)
    assert autoencoder.optimizer == ("Adam", 1e-3, 0.9, 0.999, 1e-8)
    assert ROWS["curves_conditioned"].batch == 10
    assert ROWS["steps_non_flat"].problem["input_scale"] == 0.01
    assert ROWS["parity_d30"].optimizer[:2] == ("SGD", 0.01)


@pytest.mark.parametrize("contender", ["engine", "authors"])
@pytest.mark.parametrize("name", CASES)
def test_contenders_train_the_scripts_networks(name, contender):
    row = small(name)
    train, n_parameters = worker_contender(contender, row)
    assert n_parameters == PARAMETERS[name]
    before, after = train(1), train(1)
    assert np.isfinite([before, after]).all()
    assert before != after


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["parity_d5", "portfolio_k10", "curves_convolutional", "steps_forward_only", "lines_k2"]
)
def test_keras_fit_trains_the_scripts_networks(name):
    train, n_parameters = worker_contender("keras_fit", small(name))
    assert n_parameters == PARAMETERS[name]
    assert np.isfinite(train(1))


def worker_contender(name, row):
    """As `worker.contender`, in this process, whose threads are set."""
    return worker.import_module(f"benchmarks.contenders.{name}").make(row, adapters.arrays(row))


@pytest.mark.slow
def test_every_line_of_input_of_a_worker_is_a_measurement(tmp_path):
    cells = benchmarks.training.measure(small("parity_d5"), ["engine"], rounds=2, seconds=0.05)
    assert len(cells["engine"]["rates"]) == 2
    assert min(cells["engine"]["rates"]) > 10


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(benchmarks.training, "PEERS", tmp_path / "python")
    assert benchmarks.training.measure(small("parity_d5"), ["pytorch"], 1, 0.01) == {"pytorch": None}


def test_networks_of_different_sizes_are_not_compared():
    with pytest.raises(SystemExit, match="must have the same number of weights"):
        benchmarks.training.check_sizes(ROWS["parity_d5"], {"engine": 351, "authors": 350})


def test_a_measurement_counts_only_calls_that_are_long_enough(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(worker.time, "perf_counter", lambda: clock[0])

    def train(windows):
        clock[0] += 0.01 + 0.02 * windows  # a hundredth of a second each call, beside the windows

    # One call of 64 windows: 1.29 s.
    assert worker.Measurement(train, every=100).take(1.0) == pytest.approx(6400 / 1.29)


def test_samples_have_the_labels_of_their_problem():
    parity, steps, lines = (small(name) for name in ("parity_d10", "steps_non_flat", "lines_k2"))
    x, y = samples.sampler(parity, adapters.arrays(parity)).training(50)
    assert (y[:, 0] == np.prod(x[:, :5], axis=1)).all()
    arrays = adapters.arrays(steps)
    x, y = samples.sampler(steps, arrays).training(50)
    r = x @ arrays["direction"] + arrays["bias"]
    for value, step in zip(r, y[:, 0], strict=True):
        assert step == pytest.approx(max(z for z in arrays["z"] if z <= value + 1e-6))
    arrays = adapters.arrays(lines)
    images, y = samples.sampler(lines, arrays).training(3)
    assert images.shape == (6, 28, 28, 1)
    first, second = arrays["train_labels"][:6].reshape(3, 2).T
    assert (y[:, 0] == -first * second).all()


@pytest.mark.parametrize("tuple_length", [1, 3])
def test_operations_of_a_dense_step(tuple_length):
    """Against the layers themselves: two operations for every weight at every place where it is used."""
    layers = [(layer, tuple_length) for layer in n1("test").layers] + [
        (layer, 1) for layer in n2(tuple_length, "test").layers
    ]
    total = 0
    for layer, copies in layers:
        if layer.weights:
            places = int(np.prod(layer.output.shape[1:-1]))
            passes = 2 if layer.name == "convolution_1" else 3
            total += passes * copies * 2 * places * int(np.prod(layer.kernel.shape))
    assert peak.step_operations(tuple_length, batch_size=200) == 200 * total


def test_products_are_timed():
    assert peak.rate(size=64, seconds=0.01) > 0


def test_the_loop_draws_the_same_images_as_the_generator():
    images, labels = generators.loop(3000, np.random.default_rng(0))
    packed = draw_images(50_000, "scripts", np.random.default_rng(1))
    rows = packed[:, :28]
    counts = np.bitwise_count(rows).sum(axis=1)
    found = images.sum(axis=(1, 2))
    assert abs(found.mean() - counts.mean()) < 5 * counts.std() / np.sqrt(len(found))
    assert abs(labels.mean()) < 5 / np.sqrt(len(labels))
    aligned = (images.any(axis=1).sum(axis=1) == 1) | (images.any(axis=2).sum(axis=1) == 1)
    share = is_aligned(packed).mean()
    assert abs(aligned.mean() - share) < 5 * np.sqrt(share / len(images))


def test_the_plan_has_ten_thousand_runs(tmp_path):
    import yaml

    overlay = tmp_path / "many.yaml"
    overlay.write_text(yaml.safe_dump(workflow.many_runs()))
    block = load(ROOT, overlay)["parity"]
    pairs = block["experiments"]["predictors"]
    runs = sum(len(block["problems"][name]["seeds"]) for name in pairs["problems"]) * len(pairs["learners"])
    assert runs == 10_000


def test_only_commits_of_this_repository_are_earlier_builds():
    with pytest.raises(SystemExit, match="--commit 'v0' must be a commit of this repository"), earlier.checkout("v0"):
        pass


@pytest.mark.slow
def test_this_commit_is_as_fast_as_itself(monkeypatch):
    monkeypatch.setattr(earlier, "SHORT", ["fig4"])
    monkeypatch.setattr(earlier, "SCALE", "test")
    lines = {"pool": {"n_images": 2000}, "experiments": {"fig5": {"n_tuples": 100, "tuple_lengths": [2]}}}
    found = earlier.measure("HEAD", {"lines": lines}, [small("parity_d5")], rounds=1, seconds=0.2)
    assert 0.3 < found["rates"]["parity_d5"]["now"][0] / found["rates"]["parity_d5"]["earlier"][0] < 3
    assert 0.2 < found["jobs"]["now"][0] / found["jobs"]["earlier"][0] < 5


def test_rows_with_blocks_have_a_learner_with_blocks():
    selected = compared(load(ROOT))
    assert {name: row.learner["blocks"] for name, row in selected.items() if name.endswith("blocks")} == {
        f"lines_k{k}_{blocks}_blocks": blocks for k in (2, 3) for blocks in (1, 4)
    }


def test_overhead_is_the_mean_over_training_jobs(tmp_path):
    for job, seconds in (("runs/a", 3.0), ("runs/b", 5.0), ("tables/c", 100.0)):
        log, record = tmp_path / f"logs/{job}.log", {"rule": "r", "cpu_s": seconds, "loop_cpu_s": 2.0, "memory_mb": 1.0}
        for path, text in (
            (log, json.dumps(record)),
            (tmp_path / f"benchmarks/{job}.jsonl", '{"max_rss": 1.0, "s": 1.0}'),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
    assert earlier.overhead(tmp_path) == 2.0


def test_signal_shares_the_set_up_of_ten_sets():
    assert signal.per_set(one=5.0, two=7.0) == pytest.approx((3 + 10 * 2) / 10)


def test_options():
    options = parse(["--only", "signal", "--rows", "lines", "--from", "raw.json"])
    assert (options.only, options.rows, options.rendered) == (["signal"], ["lines"], Path("raw.json"))
