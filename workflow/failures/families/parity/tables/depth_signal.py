"""Table of the figure depth_signal: budget and signal by parity size against depth, measured and predicted."""

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
    """What networks have, and what theory says of those that it knows: fully connected, not normalised, ReLU or tanh.

    inputs: `signals`, files of `failures.families.parity.analyses.depth_signal`. learners: settings of each. predicted_depths:
    depths beyond those of the files. spreads: values of `initial_weights`.
    Returns columns source, learner, n_features, depth, seed, spread, quantity, degree, value. Sources and quantities:

    - network: budget E ||grad p||^2, ratio of variance and bound, share of the budget that all parities of the size
      `degree` have, and relative, that of one such parity in units of 2^-d, which each would have if all had the same;
    - kernel: budget, share and relative of the tangent kernel of infinite width;
    - mean_field: the fixed point's variance, correlation and chi, gradient_scale and correlation_scale (layers) at the
      learner's own spread (`initial_weights`); sweep: the same at all spreads, `learner` being an activation.
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
    """Whether theory has a recursion for a learner."""
    plain = (learner["architecture"], learner["normalization"]) == ("fully_connected", "none")
    return plain and learner["activation"] in ACTIVATIONS and learner["initial_weights"] != "scripts"


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two learners differ in their spread alone, as far as depth scales go."""
    return all(one[key] == other[key] for key in ("activation", "initial_biases"))


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    """A table with `energy` replaced by `share` and `relative`."""
    energy, others = table[table["quantity"] == "energy"], table[table["quantity"] != "energy"]
    keys = ["learner", "n_features", "depth", "seed"]
    budget = others[others["quantity"] == "budget"].set_index(keys)["value"]
    share = energy["value"] / budget.loc[list(energy[keys].itertuples(index=False, name=None))].to_numpy()
    d, degree = energy["n_features"].to_numpy(), energy["degree"].to_numpy()
    parts = [others, energy.assign(quantity="share", value=share)]
    parts.append(energy.assign(quantity="relative", value=share * 2.0**d / comb(d, degree)))
    return pd.concat(parts, ignore_index=True)


def _kernel(name: str, learner: dict[str, Any], n_features: int, depths: list[int]) -> pd.DataFrame:
    """Rows of the kernel of infinite width at these depths."""
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
    """Rows of the fixed point at these spreads."""
    rows = []
    for spread in spreads:
        point = fixed_point(learner["activation"], spread, learner["initial_biases"])
        rows += [(spread, quantity, value) for quantity, value in vars(point).items()]
    return pd.DataFrame(rows, columns=["spread", "quantity", "value"]).assign(source=source, learner=name)
