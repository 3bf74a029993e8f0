"""Theory of conditioning against singular value decompositions, enumeration of curves and simulations."""

import itertools

import numpy as np
import pytest

from failures.families.curves import theory
from failures.families.curves.problem import SLOPES, decode, decoder, inverse_root, patches, second_moment


@pytest.mark.parametrize("n_points", [10, 37, 200])
def test_singular_values_of_w(n_points):
    expected = np.linalg.svd(decoder(n_points), compute_uv=False)[[0, -1]]
    np.testing.assert_allclose(theory.singular_values(n_points), expected, rtol=1e-9)


def test_the_condition_number_of_w_tends_to_a_fourth_power():
    """W / n^2 becomes a double integral, with the singular values of a clamped beam; W^-1 has norm 4."""
    assert np.cos(theory.BEAM) * np.cosh(theory.BEAM) == pytest.approx(-1)
    largest, smallest = theory.singular_values(2000)
    assert largest / 2000**2 == pytest.approx(1 / theory.BEAM**2, rel=2e-3)
    assert smallest == pytest.approx(0.25, rel=1e-5)


@pytest.mark.parametrize("n_points", [10, 11, 13])
def test_the_second_moment_of_the_scripts_patches_by_enumeration(n_points):
    """All breakpoints and slopes."""
    curves = []
    for places in itertools.combinations(range(3, n_points - 3), 3):
        for slopes in SLOPES:
            changes = np.zeros(n_points)
            changes[list(places)] = np.diff(slopes, prepend=0)
            curves.append(decode(changes))
    expected = second_moment(patches(np.array(curves)))
    np.testing.assert_allclose(theory.patch_moment(n_points, "slopes"), expected, rtol=1e-12)


@pytest.mark.parametrize("n_pieces", [1, 2, 3])
def test_the_second_moment_of_the_texts_patches_by_enumeration(n_pieces):
    """All breakpoints; changes of variance 1/3 by enumerating signs."""
    curves = []
    for places in itertools.combinations(range(10), n_pieces):
        for signs in itertools.product([-1, 1], repeat=n_pieces):
            changes = np.zeros(10)
            changes[list(places)] = np.array(signs) / np.sqrt(3)
            curves.append(decode(changes))
    expected = second_moment(patches(np.array(curves)))
    np.testing.assert_allclose(theory.patch_moment(10, "uniform", n_pieces), expected, rtol=1e-12)


@pytest.mark.parametrize("distribution", ["slopes", "uniform"])
def test_conditioning_makes_the_condition_number_one(distribution):
    moment = theory.patch_moment(200, distribution)
    root = inverse_root(moment)
    assert theory.condition_number(moment) > 1e6
    assert theory.condition_number(root @ moment @ root) == pytest.approx(1, abs=1e-6)
    estimated = theory.estimated_root(200, distribution, 1000, 0)
    assert 1 < theory.condition_number(estimated @ moment @ estimated) < 1.3


def test_a_matrix_that_is_not_positive_has_no_condition_number():
    assert theory.condition_number(np.diag([1.0, -1e-9])) == np.inf
    assert theory.condition_number(np.diag([4.0, 2.0])) == 2


def spectral_error(learnt):
    return np.linalg.norm(learnt - np.linalg.inv(decoder(len(learnt))), 2)


@pytest.mark.parametrize("size", [0.3, 1.0, 1.7, 2.05])
def test_lemma_2_against_iteration(size):
    """Gradient descent on E ||p - U f||^2 / 2, its gradient -lambda (I - U W) W^T by finite differences first."""
    matrix = decoder(5)
    values = np.linalg.svd(matrix, compute_uv=False)
    rng = np.random.default_rng(0)
    point, direction = rng.normal(size=(2, 5, 5))

    def loss(learnt):
        return np.sum((np.eye(5) - learnt @ matrix) ** 2) / 2  # lambda = 1

    numeric = (loss(point + 1e-5 * direction) - loss(point - 1e-5 * direction)) / 2e-5
    gradient = -(np.eye(5) - point @ matrix) @ matrix.T
    assert numeric == pytest.approx((gradient * direction).sum(), rel=1e-6)
    step_size, learnt = size / values[0] ** 2, np.zeros((5, 5))
    for _ in range(60):
        learnt = learnt + step_size * (np.eye(5) - learnt @ matrix) @ matrix.T
    np.testing.assert_allclose(theory.descent(5, step_size, 60), learnt, atol=1e-9)
    assert theory.descent_error(values, step_size, 60) == pytest.approx(spectral_error(learnt))
    assert theory.simulated_errors(5, step_size, [3, 60])[60] == pytest.approx(spectral_error(learnt))


def test_the_mean_of_stochastic_descent_is_lemma_2():
    step_size = 0.2 / np.linalg.norm(decoder(4), 2) ** 2
    rng = np.random.default_rng(1)
    (mean,) = theory.simulate_stochastic(4, step_size, [100], 4000, rng)
    expected = theory.descent(4, step_size, 100)
    assert abs(expected).max() > 0.1
    np.testing.assert_allclose(mean, expected, atol=0.02)


def test_descent_diverges_from_two_on_and_not_from_one():
    """Theorem 3 prints eta lambda S_11^2 >= 1 for divergence; it is 2."""
    values = np.linalg.svd(decoder(8), compute_uv=False)
    start = 1 / values[-1]
    for size in (1.0, 1.5, 1.999):
        assert theory.descent_error(values, size / values[0] ** 2, 10**4) < start
    assert theory.descent_error(values, 2.01 / values[0] ** 2, 10**4) > 1e6 * start


@pytest.mark.parametrize("size", [0.5, 1.0, 1.5, 1.99])
@pytest.mark.parametrize("n_points", [4, 7])
def test_theorem_3_no_step_size_needs_fewer_iterations_than_the_bound(n_points, size):
    values = np.linalg.svd(decoder(n_points), compute_uv=False)
    step_size = size / values[0] ** 2
    counted = theory.simulate(n_points, step_size, 0.5, 10**6)
    assert counted == theory.iterations(lambda t: theory.descent_error(values, step_size, t), 0.5)
    assert counted >= values[0] ** 2 / (2 * values[-1] ** 2)
    assert theory.simulate(n_points, step_size, 0.5, counted - 1) is None


def test_iterations_of_a_filter_against_iteration():
    moment = theory.patch_moment(12, "slopes")
    counted = theory.iterations(lambda t: theory.filter_error(moment, np.eye(3), t), 0.5)
    weights, steps = np.zeros(3), 0
    while np.linalg.norm(weights - theory.FILTER) > 0.5:
        weights += moment @ (theory.FILTER - weights) / np.linalg.eigvalsh(moment)[-1]
        steps += 1
    assert counted == steps > 10
    assert theory.iterations(lambda t: theory.filter_error(moment, inverse_root(moment), t), 0.5) == 1


def test_iterations_that_never_suffice_are_an_error():
    assert theory.iterations(lambda t: 0.0, 0.5) == 0
    with pytest.raises(OverflowError):
        theory.iterations(lambda t: 1.0, 0.5)
