"""Other inputs and running labels: their distribution, their gradients, and the chain, against plain NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from failures.engine.seeding import DATA, EVALUATION, NOISE
from failures.engine.training import run
from failures.families.parity.objective import ParityObjective
from failures.families.parity.objectives.mixed_inputs import MixedObjective
from failures.families.parity.objectives.prefix_labels import PrefixLabelsObjective, stages
from failures.families.parity.problem import cube, draw_instances, pack
from failures.families.parity.training import Training

SEEDS = {DATA: 1, EVALUATION: 2, NOISE: 3}
STAGE = {"width": "10d", "depth": 1, "activation": "relu"}


def objective(cls, target, encoding="signed", loss="hinge", batch=64, evaluation=64):
    made = cls(len(target), encoding, loss, batch, evaluation)
    made.assign(np.array(target), SEEDS)
    return made


def at(step):
    return tf.constant(step, tf.int64)


@pytest.mark.parametrize("target", [[1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 0], [0, 1] * 20])
def test_relevant_bits_are_equal_in_half_of_the_samples(target):
    relevant, n = np.array(target) == 1, 20_000
    made = objective(MixedObjective, target)
    inputs, labels = (tensor.numpy() for tensor in made.sample(n, DATA, at(0)))
    # Labels are those of the parity all the same.
    assert np.array_equal(labels[:, 0], np.prod(inputs[:, relevant], axis=1))
    sums = inputs[:, relevant].sum(axis=1)
    equal = np.abs(sums) == relevant.sum()
    expected = 0.5 + 0.5 * 2.0 ** (1 - relevant.sum())
    assert stats.binomtest(int(equal.sum()), n, expected).pvalue > 1e-3
    assert stats.binomtest(int((sums[equal] > 0).sum()), int(equal.sum()), 0.5).pvalue > 1e-3
    # What is irrelevant stays uniform and independent, of each other and of which half a sample is in.
    others = np.column_stack([inputs[:, ~relevant], 2 * equal - 2 * equal.mean()])
    correlations = np.corrcoef(others.T)[np.triu_indices(others.shape[1], 1)] * np.sqrt(n)
    assert np.abs(correlations).max() < 5


def test_the_other_half_is_uniform_and_so_are_evaluations():
    target = [1, 1, 1, 1, 1, 1, 1, 1, 0]
    mixed, plain = (objective(cls, target) for cls in (MixedObjective, ParityObjective))
    drawn, uniform = (made.sample(4000, DATA, at(2))[0].numpy() for made in (mixed, plain))
    same = (drawn == uniform).all(axis=1)
    assert stats.binomtest(int(same.sum()), 4000, 0.5 + 0.5 / 2**8).pvalue > 1e-3
    assert (np.abs(drawn[~same][:, :8].sum(axis=1)) == 8).all()
    assert np.array_equal(*(made.sample(500, EVALUATION, at(2))[0].numpy() for made in (mixed, plain)))
    assert not np.array_equal(drawn, mixed.sample(4000, DATA, at(3))[0].numpy())


@pytest.mark.parametrize("size", [2, 3])
def test_mixed_inputs_say_which_bits_are_relevant(size):
    """E[y x_i] and E[y x_i x_j] over the mixture by enumeration: what uniform inputs do not have."""
    target = (np.arange(6) < size).astype(int)
    signs = 1 - 2 * cube(6)
    labels = np.prod(signs[:, :size], axis=1)
    alike = np.abs(signs[:, :size].sum(axis=1)) == size
    odds = 0.5 / 64 + 0.5 * alike / alike.sum()
    first, pair = odds @ (labels * signs[:, 0]), odds @ (labels * signs[:, 0] * signs[:, 1])
    assert (first, pair) == pytest.approx((0.5, 0.0) if size == 3 else (0.0, 1.0))
    made = objective(MixedObjective, target)
    inputs, sampled = (tensor.numpy() for tensor in made.sample(40_000, DATA, at(0)))
    assert np.mean(sampled[:, 0] * inputs[:, 0]) == pytest.approx(first, abs=0.025)
    assert np.mean(sampled[:, 0] * inputs[:, 0] * inputs[:, 1]) == pytest.approx(pair, abs=0.025)
    assert np.mean(sampled[:, 0] * inputs[:, -1]) == pytest.approx(0, abs=0.025)


@pytest.mark.parametrize("n_features", [1, 5, 31, 32, 33, 40])
def test_running_labels_are_the_products_so_far(n_features):
    rng = np.random.default_rng(n_features)
    bits, target = rng.integers(0, 2, (50, n_features)), rng.integers(0, 2, n_features)
    made = objective(PrefixLabelsObjective, target)
    labels = made.prefix_labels(tf.constant(pack(bits))).numpy()
    assert np.array_equal(labels, np.cumprod((1 - 2 * bits) ** target, axis=1))
    assert np.array_equal(labels[:, -1:], made.label(tf.constant(pack(bits))).numpy())


def weights_of(model):
    """Kernel and bias of both layers, each with the stage first."""
    (kernel, bias, output, offset) = model.get_weights()
    return kernel, bias, output[:, :, 0], offset[:, 0]


def answer(weights, stage, inputs):
    """Score of a single stage in plain NumPy, [n] for inputs [n, 2]."""
    kernel, bias, output, offset = (part[stage] for part in weights)
    return np.maximum(inputs @ kernel + bias, 0) @ output + offset


@pytest.mark.parametrize("encoding", ["signed", "binary"])
def test_the_chain_follows_what_each_stage_decided(encoding):
    target = [1, 0, 1, 1]
    made = objective(PrefixLabelsObjective, target, encoding, "square", evaluation="cube")
    model = stages(4, STAGE, "chain")
    weights, bits = weights_of(model), cube(4)
    inputs = bits if encoding == "binary" else 1 - 2 * bits
    said = np.ones(16)
    for stage in range(4):
        scores = answer(weights, stage, np.column_stack([said, inputs[:, stage]]))
        said = np.where(scores > 0, 1, -1)
    np.testing.assert_allclose(made.chain(model, tf.constant(inputs, tf.float32)).numpy()[:, 0], scores, rtol=1e-5)
    labels = (-1.0) ** (bits @ target)
    expected = np.mean(labels * scores > 0), np.mean((scores - labels) ** 2) / 2
    np.testing.assert_allclose(made.evaluate(model, at(0)), expected, rtol=1e-5)


def test_a_stage_has_the_gradient_that_it_has_alone():
    """Derivatives of one stage's hinge loss on (label so far, bit) -> label, written out."""
    target = np.array([1, 0, 1, 1, 0])
    made = objective(PrefixLabelsObjective, target, batch=32)
    model = stages(5, STAGE, "alone")
    inputs = made.sample(32, DATA, at(7))[0].numpy()
    labels = np.cumprod(inputs**target, axis=1)
    found = [gradient.numpy() for gradient in made.gradients(model, at(7))]
    kernel, bias, output, _ = weights_of(model)
    for stage in range(5):
        before = labels[:, stage - 1] if stage else np.ones(32)
        seen = np.column_stack([before, inputs[:, stage]])
        active = labels[:, stage] * answer(weights_of(model), stage, seen) < 1
        slope = -labels[:, stage] * active / 32
        hidden = seen @ kernel[stage] + bias[stage]
        inner = slope[:, None] * output[stage] * (hidden > 0)
        expected = seen.T @ inner, inner.sum(axis=0), (np.maximum(hidden, 0).T @ slope)[:, None], [slope.sum()]
        for part, whole in zip(expected, found, strict=True):
            np.testing.assert_allclose(whole[stage], part, rtol=1e-4, atol=1e-6)


def test_stages_start_apart_and_one_has_ten_units_an_input():
    model = stages(30, STAGE, "start")
    kernel, bias, output, offset = weights_of(model)
    assert kernel.shape == (30, 2, 20)
    assert not bias.any()
    assert not offset.any()
    assert len(np.unique(kernel)) == kernel.size
    # A normal cut at two standard deviations has .88 of them.
    assert kernel.std() * np.sqrt(2) == pytest.approx(0.88, rel=0.06)
    assert output.std() * np.sqrt(20) == pytest.approx(0.88, rel=0.1)
    assert np.array_equal(kernel, stages(30, STAGE, "start").get_weights()[0])


class Silent:
    """Progress that nobody watches."""

    def advance(self, steps):
        pass

    skip = advance


@pytest.mark.parametrize("kind", ["mixed", "prefix_labels"])
def test_a_small_parity_is_learnt(kind):
    problem = {"n_features": 8, "encoding": "signed", "kind": kind, "samples": "fresh", "evaluation": "cube"}
    problem |= {"n_steps": 3000, "evaluate_every": 3000, "checkpoint_every": 3000, "snapshots": []}
    optimizer = {"name": "SGD", "learning_rate": 0.1, "arguments": {}}
    learner = STAGE | {"architecture": "fully_connected", "normalization": "none", "loss": "hinge", "batch_size": 64}
    training = Training(problem | {"stream": "small"}, learner | {"stream": "relu", "optimizer": optimizer})
    training.trainer.xla = False
    (trial,) = draw_instances("small", 8, [3], [0], kind=kind).itertuples()
    training.begin(trial)
    result = run(training.trainer, None, None, Silent())
    assert result.values[-1, 0] == 1.0
