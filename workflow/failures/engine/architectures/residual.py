"""Dense layers with a shortcut around each layer except the first."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine.layers import dense, units


def hidden_layers(inputs: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """Apply `depth` dense layers with a shortcut around each except the first, [batch, n] -> [batch, width].

    With `branch_scale: depth` the outputs of a layer are divided by the depth before they are added. With He
    initialisation, norms then grow by a bounded factor at any depth; without the division they grow exponentially.

    Args:
        inputs: Inputs of the network.
        settings: `width`, `depth`, `branch_scale` and the settings of `failures.engine.layers.dense`.
        *path: Key of the random stream of the weights.
    """
    hidden, width = inputs, units(settings["width"], inputs.shape[-1])
    for layer in range(1, settings["depth"] + 1):
        branch = dense(hidden, width, settings, *path, layer)
        if settings["branch_scale"] == "depth" and layer > 1:
            branch = keras.layers.Rescaling(1 / settings["depth"], name=f"scaled_{layer}")(branch)
        hidden = keras.layers.Add(name=f"sum_{layer}")([hidden, branch]) if layer > 1 else branch
    return hidden
