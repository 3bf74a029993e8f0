"""Claims about deeper networks of curves and steps: tables that must come out each way."""

import math

import numpy as np
import pandas as pd
import pytest

from failures.reporting.claims.ledger import NOTHING, read_claims, verdict
from failures.reporting.claims.measures import depth_errors as deeper
from failures.reporting.claims.tables.claims import measure
from project import ROOT

CLAIMS = {entry.id: entry for entry in read_claims(ROOT / "workflow/claims.yaml")}


def ends(family, values, rate_factor=1.0):
    """The joint table; values: of three replicates, by architecture and depth."""
    rows = [
        {"family": family, "architecture": architecture, "depth": depth, "replicate": replicate, "value": value}
        for (architecture, depth), of_depth in values.items()
        for replicate, value in enumerate(of_depth)
    ]
    return pd.DataFrame(rows).assign(rate_factor=rate_factor)


def judged(name, table):
    measured = measure(CLAIMS[name], {"depth_training": table})
    return measured.value, verdict(CLAIMS[name], measured)


def test_the_best_depth_decides_about_the_details():
    good, bad = [0.1, 0.2, 0.3], [0.8, 0.9, 1.0]
    table = ends("curves", {("plain", 0): good, ("plain", 4): bad, ("plain", 16): [0.7, 0.7, 1.0]})
    assert judged("depth_keeps_autoencoder_details", table) == (0.7, "reproduced")
    assert measure(CLAIMS["shortcuts_find_autoencoder_details"], {"depth_training": table}) == NOTHING
    table = ends("curves", {("plain", 4): bad, ("plain", 64): good, ("residual", 4): bad, ("residual", 16): good})
    assert judged("depth_keeps_autoencoder_details", table) == (0.2, "not reproduced")
    assert judged("shortcuts_find_autoencoder_details", table) == (0.2, "reproduced")
    only = ends("curves", {("plain", 0): bad})
    assert measure(CLAIMS["depth_keeps_autoencoder_details"], {"depth_training": only}) == NOTHING


@pytest.mark.parametrize(
    ("deepest", "expected"),
    [([1.0, 1.0, 1.1], "reproduced"), ([0.1, 0.9, 1.0], "partly"), ([0.1, 0.1, 0.2], "not reproduced")],
)
def test_depth_may_stop_end_to_end_or_not(deepest, expected):
    table = ends("steps", {("plain", 3): [0.1, 0.1, 0.1], ("plain", 64): deepest, ("residual", 64): [0.1, 0.15, 0.19]})
    assert judged("depth_stops_end_to_end", table) == (np.median(deepest), expected)
    value, found = judged("shortcuts_rescue_end_to_end", table)
    assert (value, found) == (pytest.approx(1.5), "reproduced")


def test_flat_layers_are_judged_by_the_harder_activation():
    steps = {("flat", 1): [0.01, 0.02, 0.03], ("sign", 1): [0.04, 0.05, 0.06]}
    fails = {("flat", 8): [0.9, 1.0, 1.0], ("sign", 8): [0.6, 0.7, 0.8]}
    table = ends("steps", steps | fails)
    assert judged("flat_one_layer_works", table) == (0.05, "reproduced")
    assert judged("flat_depth_fails", table) == (0.7, "reproduced")
    assert judged("flat_error_grows_with_depth", table) == (pytest.approx(0.7 / 0.05), "reproduced")
    works = {("flat", 8): [0.9, 1.0, 1.0], ("sign", 8): [0.04, 0.05, 0.05]}
    table = ends("steps", steps | works)
    assert judged("flat_depth_fails", table) == (0.05, "not reproduced")
    assert judged("flat_error_grows_with_depth", table) == (pytest.approx(1.0), "not reproduced")
    deeper_only = ends("steps", {("flat", 2): [1.0], ("sign", 2): [1.0]})
    assert measure(CLAIMS["flat_one_layer_works"], {"depth_training": deeper_only}) == NOTHING


def test_a_diverged_run_has_the_largest_error_and_the_best_rate_counts():
    slow = ends("steps", {("plain", 3): [0.5, math.nan, math.inf], ("plain", 64): [math.nan] * 3}, 1.0)
    fast = ends("steps", {("plain", 3): [0.2, 0.3, 0.4], ("plain", 64): [math.nan] * 3}, 0.1)
    found = deeper.errors(pd.concat([slow, fast]), "steps", "plain")
    assert found[3].tolist() == [0.2, 0.3, 0.4]
    assert found[64].tolist() == [deeper.DIVERGED] * 3
    assert deeper.errors(slow, "steps", "plain")[3].tolist() == [0.5, deeper.DIVERGED, deeper.DIVERGED]
    assert judged("depth_stops_end_to_end", slow) == (deeper.DIVERGED, "reproduced")
