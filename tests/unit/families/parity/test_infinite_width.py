"""The kernel of infinite width and mean-field propagation, against enumeration, quadrature and random networks."""

import math

import numpy as np
import pytest
from scipy import integrate

from failures.families.parity.theory.mean_field import fixed_point, moments
from failures.families.parity.theory.ntk import energies, krawtchouk, tangent_kernels
from unit.families.parity.depth_networks import LEARNERS, cube, distances


def parities(d):
    """h_v(x) for all v and x, [2^d, 2^d]."""
    bits = np.arange(2**d)[:, None] >> np.arange(d) & 1
    return (-1.0) ** (bits @ bits.T), bits.sum(1)


def test_krawtchouk_polynomials_are_sums_of_parities():
    characters, sizes = parities(5)
    for h in range(6):
        z = int(np.flatnonzero(sizes == h)[0])
        expected = [characters[sizes == k, z].sum() for k in range(6)]
        np.testing.assert_array_equal(krawtchouk(5)[:, h], expected)


def test_energies_are_the_eigenvalues_of_the_gram_matrix():
    """Parities are its eigenvectors; as operators on functions eigenvalues are those of the matrix over 2^d."""
    d = 5
    kernel = np.array([3.0, 1.0, 0.5, 0.1, -0.2, 0.4])
    eigenvalues = np.linalg.eigvalsh(kernel[distances(d)]) / 2**d
    multiplicity = [math.comb(d, k) for k in range(d + 1)]
    np.testing.assert_allclose(
        np.sort(np.repeat(energies(kernel) / multiplicity, multiplicity)), np.sort(eigenvalues), atol=1e-12
    )
    assert energies(kernel).sum() == pytest.approx(kernel[0])
    assert energies(np.array([kernel, 2 * kernel])).shape == (2, d + 1)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("rho", [-1.0, -0.4, 0.0, 0.7, 1.0])
def test_moments_are_integrals_over_the_plane(activation, rho):
    variance = 1.7
    phi = {"relu": lambda u: np.maximum(u, 0), "tanh": np.tanh}[activation]
    slope = {"relu": lambda u: (u > 0) * 1.0, "tanh": lambda u: 1 / np.cosh(u) ** 2}[activation]
    grid = np.linspace(-9, 9, 1801)
    density = np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi)
    u = math.sqrt(variance) * grid[:, None]
    v = math.sqrt(variance) * (rho * grid[:, None] + math.sqrt(1 - rho**2) * grid)
    both = density[:, None] * density
    expected = [integrate.trapezoid(integrate.trapezoid(both * f(u) * f(v), grid, axis=1), grid) for f in (phi, slope)]
    found = moments(activation, variance, np.array([rho]))
    np.testing.assert_allclose([found[0][0], found[1][0]], expected, atol=2e-3 if activation == "relu" else 1e-6)


def test_moments_of_other_activations_are_refused():
    with pytest.raises(ValueError, match="activation = 'gelu': no Gaussian moments; allowed: relu, tanh"):
        moments("gelu", 1.0, np.ones(1))


def relu_kernel_of_one_layer(d, width):
    """Written out for He's weights: E[relu relu] and E[relu' relu'] of Gaussians of variance 2."""
    rho = 1 - 2 * np.arange(d + 1) / d
    angle = np.pi - np.arccos(rho)
    return width * (np.sqrt(1 - rho**2) + rho * angle) / np.pi + 1 + (d * rho + 1) * angle / (2 * np.pi)


def test_the_kernel_of_one_relu_layer_has_a_closed_form():
    kernel = tangent_kernels(6, 50, 1, "relu", math.sqrt(2), 0.0)
    np.testing.assert_allclose(kernel, [relu_kernel_of_one_layer(6, 50)])


def test_the_budget_of_he_networks_is_linear_in_the_depth():
    """E ||grad p||^2: n + 1 of the output, (n + 1) / 2 of each further layer, (d + 1) / 2 of the first."""
    kernels = tangent_kernels(7, 30, 20, "relu", math.sqrt(2), 0.0)
    layers = np.arange(20)
    np.testing.assert_allclose(kernels[:, 0], 31 + 31 * layers / 2 + 8 / 2)


def test_very_deep_relu_kernels_are_the_same_at_all_distances_but_zero():
    """To a quarter of the budget: three quarters are spread evenly over all parities (Xiao et al. 2020)."""
    kernel = tangent_kernels(6, 10**6, 4000, "relu", math.sqrt(2), 0.0)[-1]
    assert np.ptp(kernel[1:]) < 0.01 * kernel[0]
    assert kernel[1:].mean() / kernel[0] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("name", ["he_relu", "tanh_ordered", "tanh_chaotic"])
@pytest.mark.parametrize("depth", [1, 3])
def test_networks_have_the_kernel_on_average(name, depth):
    """NumPy networks of their own, by finite width: the mean over draws is within its error and terms of 1/width."""
    d, width, n_draws = 4, 64, 300
    settings = LEARNERS[name]
    spread, biases = settings["initial_weights"], settings["initial_biases"]
    relu = settings["activation"] == "relu"
    rng, found = np.random.default_rng(5), []
    for _ in range(n_draws):
        hidden, sums, kernels, inputs = cube(d), [], [], []
        for _ in range(depth):
            kernels.append(rng.standard_normal((hidden.shape[1], width)) * spread / math.sqrt(hidden.shape[1]))
            inputs.append(hidden)
            sums.append(hidden @ kernels[-1] + biases * rng.standard_normal(width))
            hidden = np.maximum(sums[-1], 0) if relu else np.tanh(sums[-1])
        back = np.tile(rng.standard_normal(width) / math.sqrt(width), (2**d, 1))
        gram = hidden @ hidden.T + 1
        for z, a, kernel in zip(reversed(sums), reversed(inputs), reversed(kernels), strict=True):
            delta = back * ((z > 0) if relu else 1 / np.cosh(z) ** 2)
            gram += (a @ a.T + 1) * (delta @ delta.T)
            back = delta @ kernel.T
        found.append([gram[distances(d) == h].mean() for h in range(d + 1)])
    expected = tangent_kernels(d, width, depth, settings["activation"], spread, biases)[-1]
    error = np.std(found, axis=0) / math.sqrt(n_draws)
    # One hidden layer has no terms of 1/width.
    allowed = 4 * error + (1e-9 if depth == 1 else 2 * depth / width) * expected[0]
    assert (np.abs(np.mean(found, axis=0) - expected) < allowed).all()


def test_fixed_points_of_tanh_are_on_both_sides_of_the_edge():
    ordered, chaotic = fixed_point("tanh", 1.0, 0.3), fixed_point("tanh", 2.0, 0.3)
    assert ordered.chi < 1 < chaotic.chi
    assert ordered.correlation == pytest.approx(1, abs=1e-9)
    assert 0 < chaotic.correlation < 0.9
    assert ordered.gradient_scale == pytest.approx(-1 / math.log(ordered.chi))
    assert ordered.correlation_scale == pytest.approx(ordered.gradient_scale, rel=1e-6)
    # Without biases the edge is at 1; Schoenholz et al. find it at sigma_w^2 = 1.76 for sigma_b^2 = 0.05.
    assert fixed_point("tanh", math.sqrt(1.76), math.sqrt(0.05)).chi == pytest.approx(1, abs=0.01)
    assert fixed_point("tanh", 0.8, 0.0).chi == pytest.approx(0.64)


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_a_fixed_point_stays_where_it_is_and_its_slope_is_chi(spread):
    """By finite differences of the maps, with plain quadrature on a grid."""
    point, grid = fixed_point("tanh", spread, 0.3), np.linspace(-8, 8, 801)
    density = np.exp(-(grid**2) / 2)
    density /= density.sum()

    def covariance(c):
        u, v = grid[:, None], c * grid[:, None] + math.sqrt(max(0, 1 - c * c)) * grid
        root = math.sqrt(point.variance)
        return spread**2 * (density[:, None] * density * np.tanh(root * u) * np.tanh(root * v)).sum() + 0.09

    assert covariance(1.0) == pytest.approx(point.variance, rel=1e-6)
    assert covariance(point.correlation) / point.variance == pytest.approx(point.correlation, rel=1e-6)
    if spread > 1:
        step = 1e-4
        slope = (covariance(point.correlation + step) - covariance(point.correlation - step)) / (2 * step)
        assert 1 / -math.log(slope / point.variance) == pytest.approx(point.correlation_scale, rel=1e-3)


def test_relu_propagates_by_half_the_squared_spread():
    point = fixed_point("relu", 1.0, 0.0)
    assert point.chi == 0.5
    assert point.gradient_scale == pytest.approx(1 / math.log(2))
    assert math.isinf(fixed_point("relu", math.sqrt(2.0), 0.0).correlation_scale)
