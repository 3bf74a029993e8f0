"""The closed form of the gradient variance against integrals that know nothing of it."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm as normal

from failures.families.periodic import problem, theory
from failures.families.periodic.problem import WAVES

FREQUENCIES = [0.0, 0.3, 2.0, 11.0, 12.0, 90.0]


def legendre(low, high, n):
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return low + (high - low) * (nodes + 1) / 2, weights * (high - low) / 2


def plane(w, b, n=120):
    """Points x [N, 2] on the side <w, x> + b > 0 and weights that integrate over it with the normal density."""
    length = np.linalg.norm(w)
    s, weights_s = legendre(-b / length, 9, n)
    t, weights_t = legendre(-9, 9, n)
    along, across = w / length, np.array([-w[1], w[0]]) / length
    x = s[:, None, None] * along + t[:, None] * across
    weights = np.outer(weights_s * normal.pdf(s), weights_t * normal.pdf(t))
    return x.reshape(-1, 2), weights.ravel()


def expected_gradient(x, weights, w, b, a, v):
    """E_x[cos(2 pi <v, x>) grad a relu(<w, x> + b)] by a, b, w: [4], over the points and weights of `plane`."""
    label = weights * np.cos(2 * np.pi * x @ v)
    return np.array([label @ (x @ w + b), a * label.sum(), *(a * label @ x)])


@pytest.mark.parametrize("beta", [-2.0, -0.4, 0.0, 0.7, 2.5])
@pytest.mark.parametrize("gamma", FREQUENCIES)
def test_truncated_waves_are_their_integrals(beta, gamma):
    found = theory.truncated_waves(np.array([gamma]), beta)
    for power, value in enumerate(found):
        expected = [
            quad(lambda s: s**power * normal.pdf(s), -beta, 12, weight=kind, wvar=gamma, limit=200)[0]  # noqa: B023
            for kind in ("cos", "sin")
        ]
        np.testing.assert_allclose([value[0].real, value[0].imag], expected, rtol=1e-9, atol=1e-11)


def test_decaying_has_its_limit_and_no_seam():
    z = theory.FAR * np.exp(1j * np.array([0, 0.8, np.pi / 2]))
    inside, outside = (theory._decaying(z * factor) for factor in (1 - 1e-9, 1 + 1e-9))
    np.testing.assert_allclose(inside, outside, rtol=1e-8)
    np.testing.assert_allclose(theory._decaying(1e4 * z) * -2 * (1e4 * z) ** 2, 1, rtol=1e-9)


@pytest.mark.parametrize("norm", [0.2, 1.0])
@pytest.mark.parametrize("beta", [-0.6, 0.0, 0.9])
@pytest.mark.parametrize("theta", [0.0, 0.4, 1.3, np.pi / 2])
def test_a_units_gradient_is_the_integral_over_the_plane(norm, beta, theta):
    v = norm * np.array([np.cos(theta), np.sin(theta)])
    w = np.array([1.0, 0.0])
    expected = expected_gradient(*plane(w, beta), w, beta, 1.0, v)
    found = theory.unit_gradients(np.array([theta]), norm, beta, "cosine")[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("beta", [-0.6, 0.0, 0.9])
def test_a_square_wave_along_the_weights_is_a_sum_over_its_steps(beta):
    """With v parallel to w the integral is over s alone, and exact between the steps of the wave."""
    norm = 0.8
    edges = np.unique(np.clip(np.append((np.arange(-81, 82, 2)) / 4 / norm, -beta), -beta, None))
    low, high = edges, np.append(edges[1:], np.inf)
    labels = WAVES["square"](norm * np.where(np.isinf(high), low, (low + high) / 2))
    mass, first = normal.cdf(high) - normal.cdf(low), normal.pdf(low) - normal.pdf(high)
    expected = [labels @ (first + beta * mass), labels @ mass, labels @ first, 0]
    found = theory.unit_gradients(np.zeros(1), norm, beta, "square")[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("norm", "b"), [(0.3, 0.0), (1.0, 0.0), (0.6, 0.7), (0.6, -0.8)])
def test_variance_in_the_plane_is_the_average_over_angles(norm, b):
    """Uniform angles average a smooth periodic function to all digits."""
    w, a = np.array([0.9, -1.2]), 0.7
    angle = 2 * np.pi * np.arange(120) / 120 + 0.01
    directions = norm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = plane(w, b)
    gradients = np.array([expected_gradient(*points, w, b, a, v) for v in directions])
    expected = gradients.var(axis=0).sum()
    weights = [w[:, None], np.array([b]), np.array([[a]]), np.zeros(1)]
    assert theory.gradient_variance(weights, norm, "cosine") == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("n_features", "norm"), [(3, 0.5), (3, 4.0), (7, 1.0), (30, 0.25), (30, 2.0)])
@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_variance_is_the_integral_over_the_sphere(n_features, norm, beta):
    """Even steps over all angles with the sphere's density, normalised by its own sum; down to 1e-25."""
    theta = np.linspace(0, np.pi, 40_001)
    density = np.sin(theta) ** (n_features - 2)
    density /= density.sum()
    gamma, delta = 2 * np.pi * norm * np.cos(theta), 2 * np.pi * norm * np.sin(theta)
    j_0, j_1 = (
        np.where(gamma < 0, part.conj(), part) * np.exp(-(delta**2) / 2)
        for part in theory.truncated_waves(abs(gamma), beta)
    )
    parts = [j_1.real + beta * j_0.real, j_0.real, j_1.real]
    by_a, *others = [density @ (part - density @ part) ** 2 for part in parts]
    by_rest = sum(others) + density @ (delta * j_0.imag) ** 2
    assert theory.unit_variances(n_features, norm, beta, "cosine") == pytest.approx((by_a, by_rest), rel=1e-6, abs=0)


def test_at_biases_0_only_the_odd_part_of_a_unit_sees_its_bias():
    """By b the gradient is half the label's mean, the same for all v."""
    theta, _ = theory.angles(0.4, 0.4, 5)
    by_b = theory.unit_gradients(theta, 0.4, 0.0, "cosine")[1]
    np.testing.assert_allclose(by_b, np.exp(-2 * (np.pi * 0.4) ** 2) / 2, rtol=1e-12)


@pytest.mark.parametrize("n_features", [2, 3, 10, 40])
def test_nodes_average_over_the_sphere(n_features):
    theta, weights = theory.angles(0.7, 20.0, n_features)
    assert weights.sum() == pytest.approx(1, rel=1e-12)
    assert weights @ np.cos(theta) ** 2 == pytest.approx(1 / n_features, rel=1e-12)
    assert weights @ np.cos(theta) ** 4 == pytest.approx(3 / n_features / (n_features + 2), rel=1e-12)


@pytest.mark.parametrize("n_features", [2, 10])
def test_more_harmonics_change_nothing(monkeypatch, n_features):
    fewer = theory.unit_variances.__wrapped__(n_features, 0.7, 0.0, "square")
    monkeypatch.setattr(problem, "N_HARMONICS", 4 * problem.N_HARMONICS)
    assert theory.unit_variances.__wrapped__(n_features, 0.7, 0.0, "square") == pytest.approx(fewer, rel=1e-7)


@pytest.mark.parametrize("n_features", [2, 5, 20])
def test_large_norms_leave_a_power(n_features):
    w, b, c = np.ones((n_features, 1)), np.zeros(1), np.zeros(1)
    norm = 40.0
    only_a = [w, b, np.zeros((1, 1)), c]
    assert theory.leading_variance(only_a, norm) == pytest.approx(
        theory.gradient_variance(only_a, norm, "cosine"), rel=0.01
    )
    by_rest = theory.unit_variances(n_features, norm, 0.0, "cosine")[1]
    assert theory.leading_variance([0 * w, b, np.ones((1, 1)), c], norm) == pytest.approx(by_rest, rel=0.01)


@pytest.mark.parametrize("b", [-0.8, 0.0, 0.7])
def test_gradient_square_is_the_integral_over_the_plane(b):
    w, a = np.array([0.9, -1.2]), 0.7
    x, weights = plane(w, b)
    squares = (x @ w + b) ** 2 + a**2 * (1 + (x**2).sum(axis=1))
    network = [w[:, None], np.array([b]), np.array([[a]]), np.zeros(1)]
    assert theory.gradient_square(network) == pytest.approx(weights @ squares + 1, rel=1e-10)


def test_the_bound_holds():
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape) for shape in ((4, 6), (6,), (6, 1), (1,))]
    for wave in problem.PERIODIC:
        assert theory.gradient_variance(weights, 0.1, wave) < theory.gradient_square(weights)
