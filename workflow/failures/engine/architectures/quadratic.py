"""Dense layers on the inputs and all their pairwise products."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine.architectures import fully_connected
from failures.engine.layers import units


def hidden_layers(inputs: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """Append all pairwise products to the inputs, then apply dense layers, [batch, n] -> [batch, width].

    With depth 0 the result is [batch, n + n^2] and the network is a linear function of the inputs and their products.

    Args:
        inputs: Inputs of the network.
        settings: As for `fully_connected`; a width such as `10d` is a multiple of n.
        *path: Key of the random stream of the weights.
    """
    row = keras.layers.Reshape((inputs.shape[-1], 1), name="row")(inputs)
    products = keras.layers.Flatten(name="products")(keras.layers.Dot(2, name="pairs")([row, row]))
    width = units(settings["width"], inputs.shape[-1])
    features = keras.layers.Concatenate(name="features")([inputs, products])
    return fully_connected.hidden_layers(features, settings | {"width": width}, *path)
