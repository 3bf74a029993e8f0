import numpy as np
import pytest
from scipy import stats

from failures.families.parity.problem import (
    cube,
    draw_front,
    draw_instances,
    draw_uniform,
    pack,
    parse_target,
    subset_of_size,
)


def test_the_text_draws_every_nonzero_target_equally_often():
    rng = np.random.default_rng(0)
    draws = [tuple(draw_uniform(3, rng)) for _ in range(7000)]
    targets, counts = np.unique(draws, axis=0, return_counts=True)
    assert len(targets) == 7
    assert targets.any(axis=1).all()
    assert stats.chisquare(counts).pvalue > 1e-3


def test_the_scripts_draw_a_binomial_size_of_at_least_two_at_the_front():
    rng = np.random.default_rng(0)
    draws = np.array([draw_front(6, rng) for _ in range(6000)])
    assert (np.diff(draws, axis=1) <= 0).all()
    sizes, counts = np.unique(draws.sum(axis=1), return_counts=True)
    assert sizes.tolist() == [2, 3, 4, 5, 6]
    expected = stats.binom.pmf(sizes, 6, 0.5)
    assert stats.chisquare(counts, expected / expected.sum() * counts.sum()).pvalue > 1e-3


def test_one_bit_has_one_target():
    rng = np.random.default_rng(0)
    assert draw_front(1, rng).tolist() == draw_uniform(1, rng).tolist() == [1]


def test_subsets_of_a_size_are_equally_likely():
    rng = np.random.default_rng(0)
    draws = np.array([subset_of_size(5, 2, rng) for _ in range(5000)])
    assert (draws.sum(axis=1) == 2).all()
    _, counts = np.unique(draws, axis=0, return_counts=True)
    assert len(counts) == 10
    assert stats.chisquare(counts).pvalue > 1e-3


def test_instances_name_every_size_and_seed_once():
    table = draw_instances("d4", 4, [1, 2, 3, 4], [0, 7])
    assert len(table) == 8
    assert table["trial"].is_unique
    assert [parse_target(t).sum() for t in table["target"]] == table["subset_size"].tolist()
    assert set(table["target"].str.len()) == {4}


def test_a_replicate_does_not_depend_on_the_others():
    alone = draw_instances("d10", 10, "random", [5], "uniform")
    among = draw_instances("d10", 10, "random", [3, 5, 9], "uniform")
    assert alone.iloc[0].tolist() == among[among["seed"] == 5].iloc[0].tolist()
    assert draw_instances("other", 10, "random", range(9), "uniform")["target"].tolist() != among["target"].tolist()


@pytest.mark.parametrize("n", [1, 5, 31, 32, 33, 64, 70])
def test_packing_puts_bit_j_of_a_word_at_bit_j(n):
    bits = np.random.default_rng(n).integers(0, 2, (8, n))
    words = pack(bits)
    assert words.dtype == np.int32
    assert words.shape == (8, -(-n // 32))
    for row, packed in zip(bits, words, strict=True):
        whole = sum((int(word) & 0xFFFFFFFF) << 32 * index for index, word in enumerate(packed))
        assert [whole >> j & 1 for j in range(n)] == row.tolist()


def test_the_cube_has_every_input_once():
    inputs = cube(4)
    assert inputs.shape == (16, 4)
    assert len(np.unique(inputs, axis=0)) == 16
