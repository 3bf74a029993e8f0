"""Signals of all parities in networks of growing depth, at random initial weights.

Columns of gradients/parity/depth_signal/LEARNER.csv:
    learner, n_features
    depth, seed, degree, value: as in `tables/depth_signal.csv`
    quantity: `budget` and `ratio` as in `tables/depth_signal.csv`, or `energy`: the sum of ||E[h_v grad p]||^2 over all
        parities h_v of size `degree`
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pandas as pd

from failures.engine import learners
from failures.engine.gradients import in_precision
from failures.engine.seeding import INIT
from failures.families.parity.analyses.empirical_ntk import by_distance, cube_gradients
from failures.families.parity.theory.ntk import energies
from failures.runtime.jobs import report


def analyze(
    inputs: dict[str, Any],
    name: str,
    stream: str,
    depths: list[int],
    n_features: list[int],
    seeds: list[int],
    **settings: Any,
) -> pd.DataFrame:
    """Budget and signal by parity size of a learner at each depth, for the square loss and signed inputs, exact.

    inputs: none. name: of the learner. settings: its own (architecture, width, activation, normalization,
    initial_weights, initial_biases, branch_scale); its depth is one of `depths`.
    Returns learner, n_features, depth, seed, quantity, degree and value. Quantities: budget, E ||grad p||^2; ratio, of
    the variance over all parities to Theorem 1's bound budget / 2^d; energy, the sum over all parities of the size
    `degree` of ||E[h_v grad p]||^2.
    """
    table = []
    for d in n_features:
        for depth in depths:
            for seed in seeds:
                path = ("parity", "depth_signal", d, depth, seed, INIT, stream)
                network = in_precision(learners.network(d, settings | {"depth": depth}, *path), "float64")
                keys = {"learner": name, "n_features": d, "depth": depth, "seed": seed}
                table += [keys | row for row in _measure(network, d)]
        report(f"{name}: d = {d} done")
        # Keras keeps the names of all layers that there ever were.
        keras.backend.clear_session()
    return pd.DataFrame(table)


def _measure(network: keras.Model, n_features: int) -> list[dict[str, Any]]:
    pieces = cube_gradients(network, n_features)
    norms = np.concatenate([piece.squared_norms() for piece in pieces])
    budget = norms.mean()
    rows = [
        {"quantity": "budget", "value": budget},
        # Input 0 is the one on which every parity is +1 (failures.families.parity.theory.theorem_1).
        {"quantity": "ratio", "value": 1 - norms[0] / budget / 2**n_features},
    ]
    parts = energies(by_distance(pieces, n_features))
    return rows + [{"quantity": "energy", "degree": degree, "value": part} for degree, part in enumerate(parts)]
