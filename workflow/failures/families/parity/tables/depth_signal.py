"""Gradient signal by parity size and depth, for the square loss and signed inputs at initialisation.

Columns:
    source: origin of the value, as listed below
    learner: name in the configuration; for the source `sweep`, the activation
    n_features
    depth: number of hidden layers
    seed: seed of the initial weights
    spread: `initial_weights`, the scale sigma of the initial weights (`mean_field` and `sweep`)
    quantity: name of the quantity, as listed below
    degree: parity size |v| for the quantities `share` and `relative`; 0 is the constant function
    value: value of the quantity; shares below 1e-13 are rounding errors

Sources:
    network: exact values for a network, over all inputs and parities
    kernel: tangent kernel of a network of infinite width
    mean_field: mean-field theory of the learner's layers
    sweep: mean-field theory at all values of `spread`

Quantities of `network` and `kernel`:
    budget: E ||grad p||^2
    ratio: variance over all parities divided by the bound `budget` / 2^d (`network`)
    share: share of the budget that belongs to all parities of size `degree`
    relative: share of one parity of this size, times 2^d; it is 1 if all parities have the same share

Quantities of `mean_field` and `sweep`. The theory follows two inputs through layers of infinite width:
    variance: limit of the variance of a unit's weighted sum, as depth grows
    correlation: limit of the correlation between the weighted sums for the two inputs
    chi: factor by which the squared gradient norm changes per layer
    gradient_scale: number of layers over which the squared gradient norm changes by a factor e
    correlation_scale: number of layers over which the distance of the correlation from its limit changes by a factor e
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import comb

from failures.artifacts.tables import read_tables
from failures.families.parity.theory.mean_field import ACTIVATIONS, fixed_point
from failures.families.parity.theory.ntk import energies, tangent_kernels

COLUMNS = ["source", "learner", "n_features", "depth", "seed", "spread", "quantity", "degree", "value"]


def tabulate(
    inputs: dict[str, Any], learners: dict[str, dict[str, Any]], predicted_depths: list[int], spreads: list[float]
) -> pd.DataFrame:
    """Collect the signals of networks and compute those of the theory where it applies.

    Args:
        inputs: `signals`, the paths of the files of `failures.families.parity.analyses.depth_signal`.
        learners: Settings of each learner. Theory covers fully connected networks without normalisation, with ReLU or
            tanh.
        predicted_depths: Depths for the theory in addition to those of the files.
        spreads: Values of `initial_weights` for the source `sweep`.

    Returns:
        The table that `Columns` describes.
    """
    measured = read_tables(inputs["signals"])
    known = {name: learner for name, learner in learners.items() if _is_known(learner)}
    dimensions, depths = (sorted(measured[key].unique()) for key in ("n_features", "depth"))
    depths = sorted({*map(int, depths), *predicted_depths})
    parts = [_with_shares(measured).assign(source="network")]
    parts += [_kernel(name, learner, int(d), depths) for name, learner in known.items() for d in dimensions]
    parts += [_scales("mean_field", name, learner, [learner["initial_weights"]]) for name, learner in known.items()]
    for learner in {learner["activation"]: learner for learner in reversed(known.values())}.values():
        swept = sorted({*spreads, *(other["initial_weights"] for other in known.values() if _alike(learner, other))})
        parts.append(_scales("sweep", learner["activation"], learner, swept))
    return pd.concat(parts, ignore_index=True).reindex(columns=COLUMNS)


def _is_known(learner: dict[str, Any]) -> bool:
    """Return whether the theory covers a learner."""
    plain = (learner["architecture"], learner["normalization"]) == ("fully_connected", "none")
    return plain and learner["activation"] in ACTIVATIONS and learner["initial_weights"] != "scripts"


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two learners have the same depth scales at equal `initial_weights`."""
    return all(one[key] == other[key] for key in ("activation", "initial_biases"))


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Replace the rows `energy` by rows `share` and `relative`."""
    energy, others = table[table["quantity"] == "energy"], table[table["quantity"] != "energy"]
    keys = ["learner", "n_features", "depth", "seed"]
    budget = others[others["quantity"] == "budget"].set_index(keys)["value"]
    share = energy["value"] / budget.loc[list(energy[keys].itertuples(index=False, name=None))].to_numpy()
    d, degree = energy["n_features"].to_numpy(), energy["degree"].to_numpy()
    parts = [others, energy.assign(quantity="share", value=share)]
    parts.append(energy.assign(quantity="relative", value=share * 2.0**d / comb(d, degree)))
    return pd.concat(parts, ignore_index=True)


def _kernel(name: str, learner: dict[str, Any], n_features: int, depths: list[int]) -> pd.DataFrame:
    """Return the rows of the infinite-width kernel at these depths."""
    width, settings = learner["width"], ("activation", "initial_weights", "initial_biases")
    width = int(width[:-1]) * n_features if isinstance(width, str) else width
    kernels = tangent_kernels(n_features, width, max(depths), *(learner[key] for key in settings))
    rows = []
    for depth in depths:
        kernel = kernels[depth - 1]
        rows.append((depth, "budget", np.nan, kernel[0]))
        rows += [(depth, "energy", degree, value) for degree, value in enumerate(energies(kernel))]
    table = pd.DataFrame(rows, columns=["depth", "quantity", "degree", "value"])
    return _with_shares(table.assign(learner=name, n_features=n_features, seed=-1)).assign(source="kernel", seed=np.nan)


def _scales(source: str, name: str, learner: dict[str, Any], spreads: list[float]) -> pd.DataFrame:
    """Return the rows of mean-field theory at these values of `initial_weights`."""
    rows = []
    for spread in spreads:
        point = fixed_point(learner["activation"], spread, learner["initial_biases"])
        rows += [(spread, quantity, value) for quantity, value in vars(point).items()]
    return pd.DataFrame(rows, columns=["spread", "quantity", "value"]).assign(source=source, learner=name)
