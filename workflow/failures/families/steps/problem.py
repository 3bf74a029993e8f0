"""The problem: a known step function of an unknown affine map (section 5, Figure 7).

y = u(<v*, x> + b*), where u rounds down to the nearest of the values z_0 < z_1 < ... (and up to z_0 below it).

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

# Places of the scripts' steps, from b*: every 5, and finer ones where the data lie. The text gives none.
OFFSETS = tuple(
    sorted({*np.arange(-100.0, 100.0, 5.0).tolist(), -5, -4, -3, -2, -1, -0.2, 0, 0.1, 0.15, 0.175, 1, 2, 3, 4, 5})
)
# The networks of the scripts; the other kinds are affine.
HIDDEN_LAYERS = {"end_to_end": 3, "multiclass": 2}


def draw_instances(stream: str, n_features: int, initial_biases: list[float] | None, seeds: list[int]) -> pd.DataFrame:
    """Draw v* and b*, all standard normal, of each replicate; one row for each initial bias.

    name: the problem's name, part of the random stream. initial_biases: where training starts, from b*; None for a
    single start at b = 0. variant: means nothing here. Returns columns trial (name of the row), seed, bias (b*),
    initial_bias (the learner's b before training) and direction (v*, numbers with spaces between them).
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
    """The column `direction` of a trial as numbers [n_features]."""
    return np.array([float(value) for value in direction.split(" ")])


def values(bias: float) -> np.ndarray:
    """The values z of the steps of a trial, ascending, float64 [n_steps]."""
    return bias + np.array(OFFSETS)


def step_function(r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """u(r): the largest of the ascending values z that is at most r, or z[0]; of the shape of r."""
    return z[np.maximum(np.searchsorted(z, r, side="right") - 1, 0)]


def smooth_steps(r: np.ndarray, z: np.ndarray, slope: float, relative: bool, shift: float) -> np.ndarray:
    """The non-flat approximation u~(r) = z_0 + sum_i h_i sigmoid(c_i (r - z_i + shift h_i)), h_i = z_i - z_(i-1).

    c_i is `slope`, or slope / h_i if `relative` (the scripts). Of the shape of r.
    """
    heights = np.diff(z)
    slopes = slope / heights if relative else slope
    inside = slopes * (r[..., None] - z[1:] + shift * heights)
    return z[0] + (heights / (1 + np.exp(-np.clip(inside, -500, 500)))).sum(axis=-1)


def hidden_layers(kind: str, depth: int | None = None) -> int:
    """Hidden layers of a kind of learner: `depth`, or as many as the scripts give it if that is None."""
    return HIDDEN_LAYERS.get(kind, 0) if depth is None else depth


def costs(kind: str, n_features: int, width: int, n_logits: int, depth: int | None = None) -> dict[str, int]:
    """Trained parameters and multiply-adds of a prediction of a kind of learner.

    depth: see `hidden_layers`. Comparisons with the steps are free, those of hidden layers with flat activations, too;
    a sigmoid of u~ counts as one multiply-add, and so does its product.
    """
    outputs = n_logits if kind == "multiclass" else 1
    sizes = [n_features, *[width] * hidden_layers(kind, depth), outputs]
    products = sum(a * b for a, b in pairwise(sizes))
    sigmoids = (2 * len(OFFSETS) - 2) * (kind == "non_flat")
    return {"parameters": products + sum(sizes[1:]), "multiply_adds": products + sigmoids}
