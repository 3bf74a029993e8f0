"""Learners that more than one family uses, built from their configuration."""

from __future__ import annotations

from typing import Any

import keras

from failures.seeding import derive


def initializer(fan_in: int, *path: str | int) -> keras.initializers.Initializer:
    """The scripts' weights: a normal of std 1/sqrt(fan_in), cut at two of these and *not* rescaled.

    The standard deviation that results is .88/sqrt(fan_in) (Keras' VarianceScaling would rescale).
    path: name of the random stream.
    """
    return keras.initializers.TruncatedNormal(stddev=fan_in**-0.5, seed=derive(*path) % 2**31)


def _normal(std: float, *path: str | int) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=std, seed=derive(*path) % 2**31)


def _start(fan_in: int, settings: dict[str, Any], *path: str | int) -> dict[str, keras.initializers.Initializer]:
    """How a layer starts, as arguments of a Keras layer; the last part of the path is a hidden layer's number."""
    sigma, hidden = settings.get("initial_weights", "scripts"), path[-1] != "output"
    if sigma == "scripts":
        start = {"kernel_initializer": initializer(fan_in, *path)}
    else:
        start = {"kernel_initializer": _normal((sigma if hidden else 1.0) * fan_in**-0.5, *path)}
    if hidden and settings.get("initial_biases", 0.0):
        start["bias_initializer"] = _normal(settings["initial_biases"], *path, "bias")
    return start


def units(width: int | str, n_features: int) -> int:
    """Units of a hidden layer from a setting such as 64 or ``"10d"``."""
    return int(width[:-1]) * n_features if isinstance(width, str) else width


def network(n_features: int, settings: dict[str, Any], *path: str | int, n_outputs: int = 1) -> keras.Model:
    """A predictor with linear outputs, of plain Keras layers; the outputs' bias starts at 0.

    settings: `architecture`, `width`, `depth`, `activation`, `normalization` of `failures.settings.Learner`;
    `initial_weights` and `initial_biases`, the scripts' and 0 if left out.
    path: name of the random stream of the weights. Returns a model [batch, n_features] -> [batch, n_outputs],
    with named layers.
    """
    inputs = keras.Input((n_features,), name="inputs")
    hidden = BODIES[settings["architecture"]](inputs, settings, *path)
    outputs = keras.layers.Dense(n_outputs, name="output", **_start(hidden.shape[-1], settings, *path, "output"))
    return keras.Model(inputs, outputs(hidden), name="learner")


def fully_connected(hidden: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """`depth` dense layers of `width` units, [batch, n] -> [batch, width]."""
    width = units(settings["width"], hidden.shape[-1])
    for layer in range(1, settings["depth"] + 1):
        hidden = _dense(hidden, width, settings, *path, layer)
    return hidden


def residual(hidden: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """`depth` dense layers with a shortcut around each but the first, [batch, n] -> [batch, width].

    Each of the layers that have a shortcut adds its outputs, or with `branch_scale` "depth" these divided by the depth:
    norms then grow by a bounded factor whatever the depth (He's weights), and exponentially without.
    """
    width = units(settings["width"], hidden.shape[-1])
    scaled = settings.get("branch_scale", "one") == "depth"
    for layer in range(1, settings["depth"] + 1):
        branch = _dense(hidden, width, settings, *path, layer)
        if scaled and layer > 1:
            branch = keras.layers.Rescaling(1 / settings["depth"], name=f"scaled_{layer}")(branch)
        hidden = keras.layers.Add(name=f"sum_{layer}")([hidden, branch]) if layer > 1 else branch
    return hidden


def convolutional(hidden: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """`depth` 1-d convolutions of `width` filters with 3 taps, [batch, n] -> [batch, n * width]."""
    filters = units(settings["width"], hidden.shape[-1])
    hidden = keras.layers.Reshape((hidden.shape[-1], 1), name="channel")(hidden)
    for layer in range(1, settings["depth"] + 1):
        start = _start(3 * hidden.shape[-1], settings, *path, layer)
        convolution = keras.layers.Conv1D(filters, 3, padding="same", name=f"convolution_{layer}", **start)
        hidden = _activated(convolution(hidden), settings, layer)
    return keras.layers.Flatten(name="flat")(hidden)


def quadratic(hidden: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """The inputs and all their products in pairs, then as `fully_connected`; a linear predictor at depth 0."""
    row = keras.layers.Reshape((hidden.shape[-1], 1), name="row")(hidden)
    products = keras.layers.Flatten(name="products")(keras.layers.Dot(2, name="pairs")([row, row]))
    width = units(settings["width"], hidden.shape[-1])
    features = keras.layers.Concatenate(name="features")([hidden, products])
    return fully_connected(features, settings | {"width": width}, *path)


BODIES = {
    "fully_connected": fully_connected,
    "residual": residual,
    "convolutional": convolutional,
    "quadratic": quadratic,
}


def _dense(hidden: keras.KerasTensor, width: int, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    layer = path[-1]
    dense = keras.layers.Dense(width, name=f"hidden_{layer}", **_start(hidden.shape[-1], settings, *path))
    return _activated(dense(hidden), settings, layer)


def _activated(hidden: keras.KerasTensor, settings: dict[str, Any], layer: int) -> keras.KerasTensor:
    if settings["normalization"] == "layer":
        hidden = keras.layers.LayerNormalization(name=f"normalization_{layer}")(hidden)
    return keras.layers.Activation(settings["activation"], name=f"activation_{layer}")(hidden)


def optimizer(settings: dict[str, Any]) -> keras.optimizers.Optimizer:
    """The Keras optimiser of the settings `name`, `learning_rate` and `arguments`."""
    cls = getattr(keras.optimizers, settings["name"])
    return cls(learning_rate=settings["learning_rate"], **settings["arguments"])
