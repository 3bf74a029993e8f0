"""Signal against depth: what is measured of networks, its table and its figure."""

import numpy as np
import pandas as pd
import pytest

from failures.artifacts.labels import learner_label
from failures.engine import learners
from failures.engine.gradients import in_precision
from failures.families.parity.analyses import depth_signal as analysis
from failures.families.parity.analyses.empirical_ntk import by_distance, cube_gradients
from failures.families.parity.analyses.gradient_variance import by_transform
from failures.families.parity.figures import depth_signal as depth_figure
from failures.families.parity.tables import depth_signal as depth_table
from unit.families.parity.depth_networks import HE, LEARNERS, distances


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


@pytest.fixture(scope="module")
def signals(tmp_path_factory):
    """All learners, small; files as the rule writes them."""
    folder = tmp_path_factory.mktemp("signals")
    for name, settings in LEARNERS.items():
        table = analysis.analyze({}, name, name, depths=[1, 4], n_features=[4], seeds=[0, 1], **settings)
        table.to_csv(folder / f"{name}.csv", index=False)
    return [folder / f"{name}.csv" for name in LEARNERS]


@pytest.fixture(scope="module")
def table(signals):
    return depth_table.tabulate({"signals": signals}, LEARNERS, predicted_depths=[8], spreads=[0.5, 3.0])


def test_the_same_names_give_the_same_networks(signals):
    again = analysis.analyze({}, "he_relu", "he_relu", depths=[4], n_features=[4], seeds=[1], **HE)
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
    assert labels[:3] == ["1 hidden layer", "4 hidden layers", "plain ReLU"]
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
