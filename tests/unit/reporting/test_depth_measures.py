"""Measures of the claims about signal and depth, on tables written by hand."""

import numpy as np
import pandas as pd
import pytest

from failures.reporting.claims.ledger import Missing
from failures.reporting.claims.measures import parity as measures


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
            budgets("he_normalised", {1: [2, 2, 2], 4: [8, 8, 8]}),
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


PARTS = [(2, 0.9, 0.6), (6, 0.1, 0.4)]


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
