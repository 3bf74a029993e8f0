"""One-dimensional convolutions with `width` filters of 3 taps."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine.layers import activated, initializers, units


def hidden_layers(inputs: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """Apply one-dimensional convolutions with `width` filters of 3 taps, [batch, n] -> [batch, n * width].

    Args:
        inputs: Inputs of the network.
        settings: `width`, `depth` (number of convolutions) and the settings of `failures.engine.layers.activated`.
        *path: Key of the random stream of the weights.
    """
    filters = units(settings["width"], inputs.shape[-1])
    hidden = keras.layers.Reshape((inputs.shape[-1], 1), name="channel")(inputs)
    for layer in range(1, settings["depth"] + 1):
        start = initializers(3 * hidden.shape[-1], settings, *path, layer)
        convolution = keras.layers.Conv1D(filters, 3, padding="same", name=f"convolution_{layer}", **start)
        hidden = activated(convolution(hidden), settings, layer)
    return keras.layers.Flatten(name="flat")(hidden)
