import numpy as np
from scipy import stats

from failures.engine.seeding import derive, generator


def test_streams_are_the_same_everywhere():
    # printf 'str:parity/int:3' | sha256sum: the first eight bytes, shifted right by one.
    assert derive("parity", 3) == 0xC525_8300_827A_2405 >> 1


def test_names_that_differ_give_streams_that_differ():
    names = [("a",), ("a", "b"), ("a/b",), (1,), ("1",), ("a", 1), ("a", "1"), ("a", 11), ("a", 1, 1)]
    assert len({derive(*name) for name in names}) == len(names)
    assert all(0 <= derive(*name) < 2**63 for name in names)


def test_streams_of_neighbouring_seeds_are_uncorrelated():
    draws = np.array([generator("parity", "d10", seed, "instance").random(2000) for seed in range(20)])
    correlations = np.corrcoef(draws)[np.triu_indices(20, 1)]
    # 190 correlations of 2,000 draws have a standard error of 1/sqrt(2000) each.
    assert stats.kstest(correlations * np.sqrt(2000), "norm").pvalue > 1e-3
