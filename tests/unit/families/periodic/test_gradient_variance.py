"""The Monte Carlo estimates of the gradient variance against what is known exactly."""

import numpy as np
import pytest

from failures.engine import learners
from failures.engine.gradients import in_precision
from failures.families.periodic import theory
from failures.families.periodic.analyses import gradient_variance as gradients
from failures.families.periodic.problem import draw_direction

RELU = {"architecture": "fully_connected", "width": 6, "depth": 1, "activation": "relu", "normalization": "none"}


def network(n_features, **settings):
    return in_precision(learners.network(n_features, RELU | settings, "test"), "float64")


def directions(n_pairs, n_features):
    rng = np.random.default_rng(0)
    return np.stack([[draw_direction(n_features, rng) for _ in range(2)] for _ in range(n_pairs)])


def test_the_linear_target_of_a_linear_predictor_has_variance_r_squared():
    """The gradient of <w, x> + c is E[<v, x> x] = v by w and 0 by c."""
    found = gradients.estimate(network(3, depth=0), [("linear", 0.5), ("linear", 2.0)], directions(200, 3), 200, 1)
    errors = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (errors < [0.02, 0.3]).all()
    np.testing.assert_array_less(abs(found.mean(axis=0) - [0.25, 4.0]), 4 * errors)


@pytest.mark.parametrize("b", [0.0, 0.5])
def test_estimates_agree_with_the_closed_form_within_their_error(b):
    model = network(2)
    model.get_layer("hidden_1").bias.assign(b * np.ones(6)) if b else None
    targets = [(wave, norm) for wave in ("cosine", "square") for norm in (0.2, 0.5)]
    found = gradients.estimate(model, targets, directions(300, 2), 1000, 2)
    errors = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    expected = [theory.gradient_variance(model.get_weights(), norm, wave) for wave, norm in targets]
    np.testing.assert_array_less(abs(found.mean(axis=0) - expected), 4 * errors)
    assert (errors < 0.2 * np.array(expected)).all()


def test_where_nothing_is_left_the_estimate_is_0_within_its_error():
    found = gradients.estimate(network(8, activation="tanh", depth=2), [("cosine", 5.0)], directions(100, 8), 100, 3)
    error = found.std(ddof=1) / 10
    assert abs(found.mean()) < 4 * error
    assert (found < 0).any()


@pytest.mark.parametrize(
    ("settings", "exact"), [({}, True), ({"depth": 2}, False), ({"depth": 0}, False), ({"activation": "tanh"}, False)]
)
def test_which_networks_have_a_closed_form(settings, exact):
    assert gradients.has_closed_form(network(3, **settings)) is exact


def test_sampled_square_agrees_with_the_closed_form():
    model = network(4)
    assert gradients.sampled_square(model, ("test",)) == pytest.approx(
        theory.gradient_square(model.get_weights()), rel=0.1
    )


def test_the_grid_has_every_line():
    pairs = gradients.grid([2, 5], [0.5, 1.0])
    assert {(d, norm) for d in (2, 3, 4, 5) for norm in (0.5, 1.0, np.sqrt(d))} <= set(pairs)
    assert sum(d == 3 for d, _ in pairs) == 3
    assert max(norm for d, norm in pairs if d == 5) == 4
    assert pairs == sorted(set(pairs))


def test_an_analysis_has_a_row_for_everything(monkeypatch):
    monkeypatch.setattr(gradients, "N_NORMS", 3)
    settings = {"waves": ["cosine", "square"], "n_features": [2, 3], "norms": [0.5], "seeds": [4]}
    table = gradients.analyze({}, "relu", "relu", **RELU, **settings, n_pairs=2, n_samples=10)
    assert not table.drop(columns="standard_error").isna().to_numpy().any()
    assert (table["standard_error"].notna() == (table["method"] == "monte_carlo")).all()
    counts = table.groupby(["method", "wave"]).size()
    n_pairs = len(gradients.grid([2, 3], [0.5]))
    assert counts["monte_carlo"].tolist() == [2, 2]
    assert counts["quadrature"].tolist() == [n_pairs] * 2
    assert counts["leading_order"].to_dict() == {"cosine": n_pairs}
    deep = gradients.analyze({}, "deep", "deep", **RELU | {"depth": 2}, **settings, n_pairs=2, n_samples=10)
    assert set(deep["method"]) == {"monte_carlo"}
