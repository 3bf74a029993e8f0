"""Initialisers and layers shared by several architectures and families."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine.seeding import derive


def initializer(fan_in: int, *path: str | int) -> keras.initializers.Initializer:
    """Return the initialiser of the authors' scripts: a truncated normal without rescaling.

    The normal has standard deviation 1/sqrt(fan_in) before truncation at two standard deviations, and 0.88/sqrt(fan_in)
    after it. Keras' VarianceScaling would rescale it.

    Args:
        fan_in: Inputs per unit.
        *path: Key of the random stream.
    """
    return keras.initializers.TruncatedNormal(stddev=fan_in**-0.5, seed=derive(*path) % 2**31)


def initializers(fan_in: int, settings: dict[str, Any], *path: str | int) -> dict[str, keras.initializers.Initializer]:
    """Return the initialisers of a layer as keyword arguments of the Keras layer.

    Args:
        fan_in: Inputs per unit.
        settings: `initial_weights` and `initial_biases` of `failures.config.types.Learner`.
        *path: Key of the random stream; its last part is the layer index or ``"output"``. The output layer ignores both
            settings, except that its weights are normal if `initial_weights` is a number.

    Returns:
        `kernel_initializer`, and `bias_initializer` if the biases are not initially 0.
    """
    sigma, hidden = settings["initial_weights"], path[-1] != "output"
    if sigma == "scripts":
        arguments = {"kernel_initializer": initializer(fan_in, *path)}
    else:
        arguments = {"kernel_initializer": _normal((sigma if hidden else 1.0) * fan_in**-0.5, *path)}
    if hidden and settings["initial_biases"]:
        arguments["bias_initializer"] = _normal(settings["initial_biases"], *path, "bias")
    return arguments


def _normal(std: float, *path: str | int) -> keras.initializers.Initializer:
    """Return a normal initialiser with mean 0 and standard deviation `std`."""
    return keras.initializers.RandomNormal(stddev=std, seed=derive(*path) % 2**31)


def units(width: int | str, n_features: int) -> int:
    """Return the number of units of a hidden layer.

    Args:
        width: Number of units, such as 64, or multiple of the input dimension, such as ``"10d"``.
        n_features: Input dimension d.
    """
    return int(width[:-1]) * n_features if isinstance(width, str) else width


def dense(hidden: keras.KerasTensor, width: int, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """Apply a dense layer of `width` units, normalisation and activation, [batch, n] -> [batch, width].

    Args:
        hidden: Inputs of the layer.
        width: Number of units.
        settings: Settings of the learner, as an architecture receives them.
        *path: Key of the random stream of the weights; its last part is the layer index, which also names the layers.
    """
    layer = path[-1]
    start = initializers(hidden.shape[-1], settings, *path)
    return activated(keras.layers.Dense(width, name=f"hidden_{layer}", **start)(hidden), settings, layer)


def activated(hidden: keras.KerasTensor, settings: dict[str, Any], layer: int) -> keras.KerasTensor:
    """Apply the configured normalisation and activation; the shape is unchanged.

    Args:
        hidden: Outputs of the linear part of a layer, [batch, ...].
        settings: `normalization` and `activation` of `failures.config.types.Learner`.
        layer: Layer index, which names the Keras layers.
    """
    if settings["normalization"] == "layer":
        hidden = keras.layers.LayerNormalization(name=f"normalization_{layer}")(hidden)
    return keras.layers.Activation(settings["activation"], name=f"activation_{layer}")(hidden)
