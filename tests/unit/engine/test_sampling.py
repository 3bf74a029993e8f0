"""Random numbers in the graph: known answers of the generator, and distributions."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from failures.engine.sampling import bits, coins, integers, inverse_erf, normal, threefry, uniform


def word(value):
    return tf.constant(value, tf.uint32)


def key(seed, step=0):
    return tf.constant(seed, tf.int64), tf.constant(step, tf.int64)


# Known answers that the generator's authors publish with their library Random123.
@pytest.mark.parametrize(
    ("keys", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_known_answers(keys, counter, expected, compiled):
    found = tf.function(threefry, jit_compile=compiled)(tuple(map(word, keys)), tuple(map(word, counter)))
    assert tuple(int(value) for value in found) == expected


def numpy_threefry(k0, k1, x0, x1):
    """The generator once more, on Python's integers."""
    keys = (k0, k1, k0 ^ k1 ^ 0x1BD11BDA)
    x0, x1 = (x0 + k0) % 2**32, (x1 + k1) % 2**32
    for turn in range(20):
        distance = (13, 15, 26, 6, 17, 29, 16, 24)[turn % 8]
        x0 = (x0 + x1) % 2**32
        x1 = ((x1 << distance | x1 >> 32 - distance) % 2**32) ^ x0
        if turn % 4 == 3:
            group = turn // 4 + 1
            x0, x1 = (x0 + keys[group % 3]) % 2**32, (x1 + keys[(group + 1) % 3] + group) % 2**32
    return x0, x1


@pytest.mark.parametrize(("seed", "step"), [(0, 0), (2**63 - 1, 5), (1234567890123456789, -7)])
def test_words_follow_from_seed_step_and_place(seed, step):
    halves = [(value % 2**64 % 2**32, value % 2**64 >> 32) for value in (seed, step)]
    derived = numpy_threefry(*halves[0], *halves[1])
    pairs = [numpy_threefry(*derived, place, 0) for place in range(3)]
    expected = [pair[0] for pair in pairs] + [pair[1] for pair in pairs][:2]
    assert bits([5], *key(seed, step)).numpy().tolist() == expected


@pytest.mark.parametrize("draw", [bits, coins, uniform, normal])
def test_compiled_numbers_are_the_same(draw):
    seed, step = key(17, 3)
    plain = draw([41, 7], seed, step)
    compiled = tf.function(lambda *key: draw([41, 7], *key), jit_compile=True)(seed, step)
    assert plain.shape == [41, 7]
    np.testing.assert_allclose(compiled, plain, rtol=1e-5)


def test_normal_numbers_are_normal():
    found = normal([100, 2000], *key(1)).numpy()
    assert stats.kstest(found.ravel(), "norm").pvalue > 0.001
    assert np.isfinite(found).all()
    for statistic in (stats.skewtest, stats.kurtosistest):
        assert statistic(found.ravel()).pvalue > 0.001
    # Neighbours, and the same place in the next step, know nothing of one another.
    following = normal([100, 2000], *key(1, 1)).numpy()
    for other in (np.roll(found, 1), following):
        assert abs(np.corrcoef(found.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(found.size)


def test_inverse_erf_on_all_its_levels():
    x = (np.arange(2**23)[::7] + 0.5) * 2.0**-22 - 1
    np.testing.assert_allclose(inverse_erf(tf.constant(x, tf.float32)), special.erfinv(x), rtol=3e-7)


def test_extreme_levels_are_finite(monkeypatch):
    monkeypatch.setattr(
        "failures.engine.sampling.bits", lambda *_: tf.constant([0, 2**32 - 1, 2**31 - 1, 2**31], tf.uint32)
    )
    assert uniform([4], *key(0)).numpy().tolist() == [2.0**-24, 1 - 2.0**-24, 0.5 - 2.0**-24, 0.5 + 2.0**-24]
    found = normal([4], *key(0)).numpy()
    half = 2.0**-23
    expected = stats.norm.ppf([half / 2, 1 - half / 2, 0.5 - half / 2, 0.5 + half / 2])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("limit", [1, 10, 1000])
def test_integers_are_uniform(limit):
    found = integers(50_000, limit, *key(5)).numpy()
    counts = np.bincount(found, minlength=limit)
    assert len(counts) == limit
    assert limit == 1 or stats.chisquare(counts).pvalue > 0.001


def test_a_limit_may_be_a_tensor():
    limit = tf.constant(1000, tf.int64)
    np.testing.assert_array_equal(integers(50, limit, *key(5)), integers(50, 1000, *key(5)))


def test_coins_are_fair_and_independent():
    found = coins([1000, 333], *key(9)).numpy()
    assert set(np.unique(found)) == {-1.0, 1.0}
    for sums, n in ((found.sum(), found.size), (found[:, 1:] * found[:, :-1], None), (found[1:] * found[:-1], None)):
        size = n or sums.size
        assert abs(np.sum(sums)) < 4 * np.sqrt(size)
