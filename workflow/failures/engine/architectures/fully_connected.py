"""Dense layers."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine.layers import dense, units


def hidden_layers(inputs: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """Apply `depth` dense layers of `width` units, [batch, n] -> [batch, width].

    Args:
        inputs: Inputs of the network.
        settings: `width`, `depth` and the settings of `failures.engine.layers.dense`.
        *path: Key of the random stream of the weights.
    """
    hidden, width = inputs, units(settings["width"], inputs.shape[-1])
    for layer in range(1, settings["depth"] + 1):
        hidden = dense(hidden, width, settings, *path, layer)
    return hidden
