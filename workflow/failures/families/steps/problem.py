"""Steps problem: a known step function of an unknown affine map (section 5, Figure 7).

y = u(<v*, x> + b*). u rounds down to the nearest of the values z_0 < z_1 < ..., and returns z_0 below z_0.

Columns of instances/steps/PROBLEM/seeds_BLOCK.csv:
    trial, seed, rate_factor
    bias: b*
    direction: v*, as numbers separated by spaces
    initial_bias: bias b before training, for learners with an affine map ⟨w, x⟩ + b
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from failures.engine.seeding import INSTANCE, Streams

# Positions of the scripts' steps relative to b*: every 5, and finer around 0. The paper's text specifies none.
OFFSETS = tuple(
    sorted({*np.arange(-100.0, 100.0, 5.0).tolist(), -5, -4, -3, -2, -1, -0.2, 0, 0.1, 0.15, 0.175, 1, 2, 3, 4, 5})
)
# Hidden layers in the scripts; the other kinds are affine.
HIDDEN_LAYERS = {"end_to_end": 3, "multiclass": 2}


def draw_instances(stream: str, n_features: int, initial_biases: list[float] | None, seeds: list[int]) -> pd.DataFrame:
    """Draw v* and b*, all standard normal, of each replicate.

    Args:
        stream: Name of the problem's random stream.
        n_features: Input dimension, d.
        initial_biases: Initial values of b - b*; None for a single run from b = 0.
        seeds: Seeds of the replicates.

    Returns:
        Columns trial, seed, bias, initial_bias and direction, one row per seed and initial bias.
    """
    streams = Streams("steps", stream)
    rows = []
    for seed in seeds:
        rng = streams.generator(seed, INSTANCE)
        direction, bias = rng.standard_normal(n_features), float(rng.standard_normal())
        text = " ".join(repr(float(value)) for value in direction)
        if initial_biases is None:
            rows.append((f"seed_{seed}", seed, bias, 0.0, text))
        else:
            rows += [
                (f"start_{index}_seed_{seed}", seed, bias, bias + b, text) for index, b in enumerate(initial_biases)
            ]
    return pd.DataFrame(rows, columns=["trial", "seed", "bias", "initial_bias", "direction"])


def parse_direction(direction: str) -> np.ndarray:
    """Parse the column `direction` of a trial into floats, [n_features]."""
    return np.array([float(value) for value in direction.split(" ")])


def values(bias: float) -> np.ndarray:
    """Return the values z of the steps.

    Args:
        bias: b*.

    Returns:
        Ascending values, float64 [n_steps].
    """
    return bias + np.array(OFFSETS)


def step_function(r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Compute u(r), the largest value z that is at most r, or z[0].

    Args:
        r: Inputs.
        z: Ascending values, [n_steps].

    Returns:
        Values of u, of the shape of r.
    """
    return z[np.maximum(np.searchsorted(z, r, side="right") - 1, 0)]


def smooth_steps(r: np.ndarray, z: np.ndarray, slope: float, relative: bool, shift: float) -> np.ndarray:
    """Compute the non-flat approximation ũ(r) = z_0 + sum_i h_i sigmoid(c_i (r - z_i + shift h_i)).

    h_i = z_i - z_(i-1) is the height of a step.

    Args:
        r: Inputs.
        z: Ascending values, [n_steps].
        slope: Slope c of the sigmoids.
        relative: Whether c_i is slope / h_i, as in the authors' scripts, or `slope`.
        shift: Distance by which the centre of sigmoid i lies below z_i, in units of h_i.

    Returns:
        Values of ũ, of the shape of r.

    Reference:
        Section 5.
    """
    heights = np.diff(z)
    slopes = slope / heights if relative else slope
    inside = slopes * (r[..., None] - z[1:] + shift * heights)
    return z[0] + (heights / (1 + np.exp(-np.clip(inside, -500, 500)))).sum(axis=-1)


def hidden_layers(kind: str, depth: int | None = None) -> int:
    """Return the number of hidden layers of a kind of learner.

    Args:
        kind: `kind` of `failures.families.steps.config.Learner`.
        depth: Number of hidden layers; None for that of the authors' scripts.
    """
    return HIDDEN_LAYERS.get(kind, 0) if depth is None else depth


def costs(kind: str, n_features: int, width: int, n_logits: int, depth: int | None = None) -> dict[str, int]:
    """Count the trained parameters of a learner and the multiply-adds of a prediction.

    Comparisons with the steps and flat activations are free. A sigmoid of ũ counts as one multiply-add, and so does its
    product with the height.

    Args:
        kind: `kind` of `failures.families.steps.config.Learner`.
        n_features: Input dimension, d.
        width: Units per hidden layer.
        n_logits: Number of output classes of `multiclass`.
        depth: Number of hidden layers, as in `hidden_layers`.

    Returns:
        `parameters` and `multiply_adds`.
    """
    outputs = n_logits if kind == "multiclass" else 1
    sizes = [n_features, *[width] * hidden_layers(kind, depth), outputs]
    products = sum(a * b for a, b in pairwise(sizes))
    sigmoids = (2 * len(OFFSETS) - 2) * (kind == "non_flat")
    return {"parameters": products + sum(sizes[1:]), "multiply_adds": products + sigmoids}
