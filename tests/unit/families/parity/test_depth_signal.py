"""Signal against depth: the kernel of infinite width, mean-field propagation, and what is measured of networks."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

from failures.artifacts.labels import learner_label
from failures.engine import learners
from failures.engine.gradients import in_precision
from failures.families.parity.analyses import depth_signal as analysis
from failures.families.parity.analyses.empirical_ntk import by_distance, cube_gradients
from failures.families.parity.analyses.gradient_variance import by_transform
from failures.families.parity.figures import depth_signal as depth_figure
from failures.families.parity.tables import depth_signal as depth_table
from failures.families.parity.theory.mean_field import fixed_point, moments
from failures.families.parity.theory.ntk import energies, krawtchouk, tangent_kernels
from failures.reporting.claims.ledger import Missing
from failures.reporting.claims.measures import parity as measures

HE = {
    "architecture": "fully_connected",
    "width": 8,
    "activation": "relu",
    "normalization": "none",
    "initial_weights": math.sqrt(2),
    "initial_biases": 0.0,
    "branch_scale": "one",
}
LEARNERS = {
    "he_relu": HE,
    "tanh_ordered": HE | {"activation": "tanh", "initial_weights": 1.0, "initial_biases": 0.3},
    "tanh_chaotic": HE | {"activation": "tanh", "initial_weights": 2.0, "initial_biases": 0.3},
    "he_residual": HE | {"architecture": "residual", "branch_scale": "depth"},
    "he_normalized": HE | {"normalization": "layer"},
}


def cube(d):
    return 1.0 - 2.0 * (np.arange(2**d)[:, None] >> np.arange(d) & 1)


def parities(d):
    """h_v(x) for all v and x, [2^d, 2^d]."""
    bits = np.arange(2**d)[:, None] >> np.arange(d) & 1
    return (-1.0) ** (bits @ bits.T), bits.sum(1)


def distances(d):
    return ((cube(d)[:, None] != cube(d)).sum(2)).astype(int)


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


@pytest.mark.parametrize("name", LEARNERS)
def test_energies_by_distance_are_those_of_the_transform_of_all_weights(name, monkeypatch):
    """Tiles and pieces smaller than the cube; 2^5 inputs."""
    monkeypatch.setattr("failures.families.parity.analyses.empirical_ntk.PIECE", 16)
    monkeypatch.setattr("failures.families.parity.analyses.empirical_ntk.TILE", 8)
    network = in_precision(learners.network(5, LEARNERS[name] | {"depth": 3}, "test"), "float64")
    rng = np.random.default_rng(1)
    network.set_weights([weight + 0.1 * rng.standard_normal(weight.shape) for weight in network.get_weights()])
    expected = by_transform(network, 5, "signed")["square"]
    measured = {(row["quantity"], row.get("degree")): row["value"] for row in analysis._measure(network, 5)}
    found = [measured["energy", degree] for degree in range(6)]
    np.testing.assert_allclose(found, expected.energies, rtol=1e-9, atol=1e-13 * expected.squared_norm)
    assert measured["budget", None] == pytest.approx(expected.squared_norm)
    assert measured["ratio", None] == pytest.approx(expected.variance / expected.bound)


def test_the_kernel_by_distance_is_the_mean_of_the_gram_matrix():
    network = in_precision(learners.network(4, HE | {"depth": 2}, "test"), "float64")
    pieces = cube_gradients(network, 4)
    assert len(pieces) == 1
    gradients = np.concatenate(list(pieces[0].blocks(1000)), axis=1)
    gram = gradients @ gradients.T
    expected = [gram[distances(4) == h].mean() for h in range(5)]
    np.testing.assert_allclose(by_distance(pieces, 4), expected, rtol=1e-10)


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


@pytest.fixture(scope="module")
def signals(tmp_path_factory):
    """All learners, small; files as the rule writes them."""
    folder = tmp_path_factory.mktemp("signals")
    for name, settings in LEARNERS.items():
        table = analysis.analyze({}, name, depths=[1, 4], n_features=[4], seeds=[0, 1], **settings)
        table.to_csv(folder / f"{name}.csv", index=False)
    return [folder / f"{name}.csv" for name in LEARNERS]


@pytest.fixture(scope="module")
def table(signals):
    return depth_table.tabulate({"signals": signals}, LEARNERS, predicted_depths=[8], spreads=[0.5, 3.0])


def test_the_same_names_give_the_same_networks(signals):
    again = analysis.analyze({}, "he_relu", depths=[4], n_features=[4], seeds=[1], **HE)
    kept = pd.read_csv(signals[0]).query("n_features == 4 and depth == 4 and seed == 1").reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, again)
    assert kept["value"].is_unique


def test_the_table_has_shares_and_predictions(table):
    shares = table[table["quantity"] == "share"]
    keys = ["source", "learner", "n_features", "depth", "seed"]
    np.testing.assert_allclose(shares.groupby(keys, dropna=False)["value"].sum(), 1, rtol=1e-9)
    assert set(shares.loc[shares["source"] == "kernel", "learner"]) == {"he_relu", "tanh_ordered", "tanh_chaotic"}
    assert set(shares.loc[shares["source"] == "kernel", "depth"]) == {1, 4, 8}
    relative = table[(table["quantity"] == "relative") & (table["degree"] == 1) & (table["n_features"] == 4)]
    ones = shares[(shares["degree"] == 1) & (shares["n_features"] == 4)]
    np.testing.assert_allclose(relative["value"], ones["value"] * 16 / 4)
    predicted = table.query("source == 'kernel' and learner == 'he_relu' and n_features == 4 and quantity == 'budget'")
    np.testing.assert_allclose(predicted["value"], [9 + 2.5, 9 + 4.5 * 3 + 2.5, 9 + 4.5 * 7 + 2.5])


def test_the_table_has_depth_scales(table):
    own = table[(table["source"] == "mean_field") & (table["quantity"] == "chi")].set_index("learner")["value"]
    assert own["tanh_ordered"] < 1 < own["tanh_chaotic"]
    assert own["he_relu"] == pytest.approx(1)
    sweep = table[(table["source"] == "sweep") & (table["quantity"] == "chi")]
    assert sweep.loc[sweep["learner"] == "tanh", "spread"].tolist() == [0.5, 1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "change",
    [{"initial_weights": "scripts"}, {"normalization": "layer"}, {"architecture": "residual"}, {"activation": "gelu"}],
)
def test_theory_is_silent_on_what_it_does_not_know(signals, change):
    found = depth_table.tabulate({"signals": signals[:1]}, {"he_relu": HE | change}, [], [1.0])
    assert set(found["source"]) == {"network"}


@pytest.mark.usefixtures("look")
def test_the_figure_draws_networks_and_predictions(table):
    figure = depth_figure.draw(table, note="test scale")
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles[:5] == [learner_label(name) for name in LEARNERS]
    assert titles[5:8] == ["squared gradient norm", "large parities, |v| ≥ 3d/4", "mean-field theory"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:3] == ["1 hidden layer", "4 hidden layers", "ReLU"]
    assert labels[-1] == "depth scale of gradients, ReLU"
    drawn = [line.get_xydata() for line in figure.axes[0].lines]
    kernel = table.query(
        "source == 'kernel' and learner == 'he_relu' and n_features == 4 and depth == 4 and quantity == 'relative'"
    )
    assert any(np.array_equal(points, kernel[["degree", "value"]].to_numpy()) for points in drawn)
    large = table.query(
        "source == 'kernel' and learner == 'he_relu' and n_features == 4 and depth == 1 and quantity == 'share'"
    )
    expected = large.loc[large["degree"] >= 3, "value"].sum() * 16 / 5
    assert any(points[0].tolist() == pytest.approx([1, expected]) for points in map(_points, figure.axes[6].lines))


def test_the_caption_has_the_largest_signal_of_large_parities(table):
    shown = depth_figure.numbers(table)
    assert shown["d"] == "4"
    assert 0 < float(shown["large"]) < 2


def _points(line):
    return line.get_xydata()


@pytest.mark.usefixtures("look")
def test_the_figure_does_with_one_learner(signals):
    alone = depth_table.tabulate({"signals": signals[:1]}, {"he_relu": HE}, [], [1.0])
    assert len([axis for axis in depth_figure.draw(alone).axes if axis.axison]) == 4


def budgets(learner, values):
    """Rows of networks: depth -> value of each of three seeds."""
    rows = [(depth, seed, value) for depth, of in values.items() for seed, value in enumerate(of)]
    frame = pd.DataFrame(rows, columns=["depth", "seed", "value"])
    return frame.assign(source="network", learner=learner, n_features=8, quantity="budget", degree=np.nan)


def test_the_budget_is_compared_by_layer():
    table = pd.concat(
        [
            budgets("he_relu", {1: [2, 2, 2], 4: [4, 4, 4]}),
            budgets("he_residual", {1: [2, 2, 2], 4: [16, 16, 16]}),
            budgets("he_normalized", {1: [2, 2, 2], 4: [8, 8, 8]}),
        ]
    )
    assert measures.depth_buys_no_budget(table).value == pytest.approx(2)
    with pytest.raises(Missing):
        measures.depth_buys_no_budget(table[table["depth"] == 1])


def test_rates_are_over_those_of_mean_field_theory():
    chi = pd.DataFrame({"source": ["mean_field"] * 2, "learner": ["tanh_ordered", "tanh_chaotic"], "quantity": "chi"})
    chi["value"] = [0.5, 2.0]
    grows = budgets("tanh_chaotic", {2: [1, 1, 1], 4: [4, 4, 4]})
    falls = budgets("tanh_ordered", {2: [2 / 4] * 3, 4: [4 / 16] * 3}).assign(quantity="share", degree=1.0)
    constant = falls.assign(degree=0.0, value=0.9)
    table = pd.concat([chi, grows, falls, constant])
    assert measures.chaotic_gradient_has_its_depth_scale(table).value == pytest.approx(1)
    assert measures.ordered_signal_has_its_depth_scale(table).value == pytest.approx(1)


def test_shares_of_large_parities_and_misplaced_ones():
    shares = pd.concat([budgets("he_relu", {1: [x] * 3, 4: [y] * 3}).assign(degree=k) for k, x, y in PARTS])
    shares["quantity"] = "share"
    predicted = shares[shares["seed"] == 0].assign(source="kernel", seed=np.nan)
    predicted["value"] = 0.5
    table = pd.concat([shares, predicted])
    assert measures.depth_feeds_large_parities(table).value == pytest.approx(4)
    # Of depth 1: (.4 + .4) / 2, of depth 4: (.1 + .1) / 2.
    assert measures.depth_kernel_predicts_shares(table).value == pytest.approx(0.25)
    # The one of all eight bits and the eight of seven, and of six 28: only size 6 has a row here.
    assert measures.depth_never_favours_large_parities(table).value == pytest.approx(0.4 * 256 / 28)


PARTS = [(2, 0.9, 0.6), (6, 0.1, 0.4)]
