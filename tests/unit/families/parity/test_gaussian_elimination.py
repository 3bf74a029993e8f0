"""Gaussian elimination against enumeration and against its exact probabilities."""

import time

import numpy as np
import pytest
from scipy import stats

from failures.families.parity.problem import cube
from failures.families.parity.theory.gaussian_elimination import eliminate, full_rank_probability, recovery


@pytest.mark.parametrize(("n_features", "n_samples"), [(1, 1), (3, 3), (4, 7), (5, 4)])
def test_solutions_are_those_that_enumeration_finds(n_features, n_samples):
    rng = np.random.default_rng(n_features)
    candidates = cube(n_features)
    bits = rng.integers(0, 2, (200, n_samples, n_features))
    targets = candidates[rng.integers(0, 2**n_features, 200)]
    labels = (-1.0) ** np.einsum("tmd,td->tm", bits, targets)
    found, full_rank = eliminate(bits, labels)
    for x, y, v, full in zip(bits, labels, found, full_rank, strict=True):
        consistent = [c for c in candidates if np.array_equal((-1.0) ** (x @ c), y)]
        assert full == (len(consistent) == 1)
        if full:
            assert np.array_equal(v, consistent[0])


def test_probability_of_full_rank_is_that_of_all_matrices():
    for n_samples, n_features in ((2, 2), (3, 2), (4, 3)):
        matrices = cube(n_samples * n_features).reshape(-1, n_samples, n_features)
        _, full_rank = eliminate(matrices, np.ones((len(matrices), n_samples)))
        assert full_rank.mean() == pytest.approx(full_rank_probability(n_samples, n_features), rel=1e-12)
    assert full_rank_probability(4, 5) == 0


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
def test_recovery_has_its_predicted_probability(noise):
    found, full_rank = recovery(20, 22, noise, 2000, np.random.default_rng(7))
    rank = full_rank_probability(22, 20)
    assert stats.binomtest(full_rank, 2000, rank).pvalue > 1e-4
    assert stats.binomtest(found, 2000, rank * (1 - noise) ** 20).pvalue > 1e-4


def test_a_hundred_bits_take_milliseconds():
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    found, _ = recovery(100, 110, 0.0, 50, rng)
    assert found >= 48
    # About 1 ms each; the limit leaves room for a busy machine.
    assert time.perf_counter() - start < 50 * 0.1
