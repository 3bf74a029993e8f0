"""Networks with flat hidden layers, trained by the straight-through estimator (section 5).

Forward-only training replaces u' by 1 in the gradient. Applied to every flat layer, this is the straight-through
estimator: the forward pass uses the step function, and the backward pass uses the identity. With h_l = s(z_l), z_l =
h_(l-1) W_l + b_l and the error delta_L at the output, delta_(l-1) = delta_l W_l^T, and the gradient with respect to W_l
is h_(l-1)^T delta_l. With more than one layer, it is not the gradient of any function.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from failures.engine import layers
from failures.families.steps.problem import OFFSETS


def network(n_features: int, learner: dict[str, Any], *path: str | int) -> keras.Model:
    """Build `depth` flat layers of `width` units and a linear output, from Keras layers and operations only.

    Args:
        n_features: Input dimension, d.
        learner: `width`, `depth` and `hidden` of `failures.families.steps.config.Learner`.
        *path: Name of the random stream of the weights.

    Returns:
        A model [batch, n_features] -> [batch, 1], which loads without this package.
    """
    inputs = hidden = keras.Input((n_features,), name="inputs")
    for layer in range(1, learner["depth"] + 1):
        start = layers.initializer(hidden.shape[-1], *path, layer)
        dense = keras.layers.Dense(learner["width"], kernel_initializer=start, name=f"hidden_{layer}")
        hidden = straight_through(dense(hidden), learner["hidden"])
    start = layers.initializer(hidden.shape[-1], *path, "output")
    outputs = keras.layers.Dense(1, kernel_initializer=start, name="output")(hidden)
    return keras.Model(inputs, outputs, name="learner")


def straight_through(values: keras.KerasTensor, activation: str) -> keras.KerasTensor:
    """Apply a flat activation with the gradient of the identity.

    Args:
        values: Inputs, [batch, width].
        activation: `flat`, the step function u with b* = 0, or `sign`.

    Returns:
        Outputs, [batch, width].
    """
    stepped = keras.ops.sign(values) if activation == "sign" else _rounded_down(values)
    return values + keras.ops.stop_gradient(stepped - values)


def _rounded_down(values: keras.KerasTensor) -> keras.KerasTensor:
    """Compute u(values) with b* = 0 (`failures.families.steps.problem.step_function` with the values OFFSETS)."""
    levels = np.array(OFFSETS, np.float32)
    positions = keras.ops.searchsorted(levels, keras.ops.reshape(values, (-1,)), side="right")
    steps = keras.ops.take(levels, keras.ops.maximum(positions - 1, 0))
    return keras.ops.reshape(steps, (-1, values.shape[-1]))
