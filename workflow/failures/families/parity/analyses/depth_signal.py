"""Gradient signals of all parities in networks at initialisation, against depth (Theorem 1).

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
    """Compute the squared gradient norm and the signal by parity size at each depth, exactly, for the square loss.

    Args:
        inputs: Empty.
        name: Name of the learner.
        stream: Name of the learner in the keys of random streams.
        depths: Numbers of hidden layers.
        n_features: Input dimensions d; inputs are signed.
        seeds: Seeds of the replicates.
        **settings: Settings of the learner (architecture, width, activation, normalization, initial_weights,
            initial_biases, branch_scale).

    Returns:
        The table that `Columns` describes.
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
        # Keras stores the names of all layers ever created; clear them.
        keras.backend.clear_session()
    return pd.DataFrame(table)


def _measure(network: keras.Model, n_features: int) -> list[dict[str, Any]]:
    """Return the rows of one network."""
    pieces = cube_gradients(network, n_features)
    norms = np.concatenate([piece.squared_norms() for piece in pieces])
    budget = norms.mean()
    rows = [
        {"quantity": "budget", "value": budget},
        # Every parity is +1 on input 0 (failures.families.parity.theory.theorem_1).
        {"quantity": "ratio", "value": 1 - norms[0] / budget / 2**n_features},
    ]
    parts = energies(by_distance(pieces, n_features))
    return rows + [{"quantity": "energy", "degree": degree, "value": part} for degree, part in enumerate(parts)]
