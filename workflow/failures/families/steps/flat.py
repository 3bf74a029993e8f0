"""Networks whose hidden layers are flat, too, and forward-only training of all of them.

Forward-only training puts 1 in the place of u' in the gradient. Applied to every flat layer, that is the
straight-through estimator: values go forward through the step, errors back past it. With h_l = s(z_l),
z_l = h_(l-1) W_l + b_l and the error delta_L at the output, delta_(l-1) = delta_l W_l^T and the gradient by W_l is
h_(l-1)^T delta_l. No h is differentiated, so that it is the gradient of nothing beyond one layer.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from failures.engine import layers
from failures.families.steps.problem import OFFSETS


def network(n_features: int, learner: dict[str, Any], *path: str | int) -> keras.Model:
    """`depth` flat layers of `width` units and a linear output: a model [batch, n_features] -> [batch, 1].

    learner: `width`, `depth` and `hidden` of `failures.families.steps.config.Learner`. path: name of the stream of the weights.
    The model is made of Keras' own layers and operations and loads without this package.
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
    """The flat activation of values [batch, width], ``"flat"`` or ``"sign"``, with the gradient of the identity."""
    stepped = keras.ops.sign(values) if activation == "sign" else _rounded_down(values)
    return values + keras.ops.stop_gradient(stepped - values)


def _rounded_down(values: keras.KerasTensor) -> keras.KerasTensor:
    """u(values) with b* = 0 (`failures.families.steps.problem.step_function` at the places OFFSETS), of the same shape."""
    places = np.array(OFFSETS, np.float32)
    found = keras.ops.searchsorted(places, keras.ops.reshape(values, (-1,)), side="right")
    steps = keras.ops.take(places, keras.ops.maximum(found - 1, 0))
    return keras.ops.reshape(steps, (-1, values.shape[-1]))
