import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from failures.engine.seeding import DATA, EVALUATION, NOISE
from failures.families.parity.objective import ParityObjective
from failures.families.parity.problem import cube, pack


def objective(n_features, encoding="signed", target=None, **settings):
    made = ParityObjective(n_features, encoding, **{"loss": "hinge", "batch": 8, "evaluation": 16} | settings)
    made.assign(np.ones(n_features, int) if target is None else np.array(target), {DATA: 11, EVALUATION: 12, NOISE: 13})
    return made


@pytest.mark.parametrize("encoding", ["signed", "binary"])
@pytest.mark.parametrize("n_features", [1, 2, 5, 31, 32, 33, 40, 65])
def test_labels_are_minus_one_to_the_inner_product(n_features, encoding):
    rng = np.random.default_rng(n_features)
    target = rng.integers(0, 2, n_features)
    made = objective(n_features, encoding, target)
    inputs, labels = (tensor.numpy() for tensor in made.sample(300, DATA, tf.constant(3, tf.int64)))
    assert inputs.shape == (300, n_features)
    assert labels.shape == (300, 1)
    for x, (label,) in zip(inputs, labels, strict=True):
        if encoding == "binary":
            assert set(x) <= {0.0, 1.0}
            assert label == (-1) ** round(x @ target)
        else:
            assert set(x) <= {-1.0, 1.0}
            assert label == np.prod(x[target == 1])


def test_inputs_are_uniform_and_fresh_at_every_step():
    made = objective(3)
    batches = [made.sample(500, DATA, tf.constant(step, tf.int64))[0].numpy() for step in range(8)]
    _, counts = np.unique(np.concatenate(batches), axis=0, return_counts=True)
    assert len(counts) == 8
    assert stats.chisquare(counts).pvalue > 1e-3
    for first in range(8):
        for second in range(first):
            assert not np.array_equal(batches[first], batches[second])


def test_a_wide_input_has_independent_bits():
    made = objective(40)
    inputs = made.sample(4000, DATA, tf.constant(0, tf.int64))[0].numpy()
    correlations = np.corrcoef(inputs.T)[np.triu_indices(40, 1)] * np.sqrt(4000)
    assert stats.kstest(correlations, "norm").pvalue > 1e-3
    assert abs(inputs.mean(axis=0)).max() < 5 / np.sqrt(4000)


def test_training_and_evaluation_have_streams_of_their_own():
    made = objective(20)
    step = tf.constant(4, tf.int64)
    training, evaluation = (made.sample(50, purpose, step)[0].numpy() for purpose in (DATA, EVALUATION))
    assert not np.array_equal(training, evaluation)
    assert np.array_equal(training, made.sample(50, DATA, step)[0].numpy())


@pytest.mark.parametrize("encoding", ["signed", "binary"])
def test_an_evaluation_on_the_cube_is_exact(encoding):
    target = [1, 0, 1, 1]
    made = objective(4, encoding, target, evaluation="cube", loss="square")
    bits = cube(4)
    labels = (-1.0) ** (bits @ target)
    inputs = bits if encoding == "binary" else 1 - 2 * bits
    weights = np.array([0.5, -1.0, 0.25, 2.0])
    scores = inputs @ weights
    accuracy, loss = made.evaluate(
        lambda x, training: tf.linalg.matvec(x, weights.astype("f"))[:, None], tf.constant(0)
    )
    assert accuracy.numpy() == pytest.approx(np.mean(labels * scores > 0))
    assert loss.numpy() == pytest.approx(np.mean((scores - labels) ** 2) / 2, rel=1e-6)


def test_a_score_of_zero_is_wrong():
    made = objective(4, evaluation="cube")
    assert made.evaluate(lambda x, training: x[:, :1] * 0, tf.constant(0))[0].numpy() == 0


def test_encoding_follows_the_packed_bits():
    bits = np.array([[1, 0, 1]])
    assert objective(3, "binary").encode(tf.constant(pack(bits))).numpy().tolist() == [[1, 0, 1]]
    assert objective(3, "signed").encode(tf.constant(pack(bits))).numpy().tolist() == [[-1, 1, -1]]
