"""Networks, initialisers and optimisers that several families share, built from their configuration."""

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
        *path: Name of the random stream.
    """
    return keras.initializers.TruncatedNormal(stddev=fan_in**-0.5, seed=derive(*path) % 2**31)


def _normal(std: float, *path: str | int) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=std, seed=derive(*path) % 2**31)


def _start(fan_in: int, settings: dict[str, Any], *path: str | int) -> dict[str, keras.initializers.Initializer]:
    """Return the initialisers of a layer as arguments of a Keras layer; path[-1] is the layer index or `output`."""
    sigma, hidden = settings.get("initial_weights", "scripts"), path[-1] != "output"
    if sigma == "scripts":
        start = {"kernel_initializer": initializer(fan_in, *path)}
    else:
        start = {"kernel_initializer": _normal((sigma if hidden else 1.0) * fan_in**-0.5, *path)}
    if hidden and settings.get("initial_biases", 0.0):
        start["bias_initializer"] = _normal(settings["initial_biases"], *path, "bias")
    return start


def units(width: int | str, n_features: int) -> int:
    """Return the units of a hidden layer from a setting such as 64 or ``"10d"``."""
    return int(width[:-1]) * n_features if isinstance(width, str) else width


def network(n_features: int, settings: dict[str, Any], *path: str | int, n_outputs: int = 1) -> keras.Model:
    """Build a network of plain Keras layers with linear outputs; the bias of the outputs is initially 0.

    Args:
        n_features: Input dimension d.
        settings: `architecture`, `width`, `depth`, `activation` and `normalization` of `failures.config.types.Learner`;
            optionally `initial_weights` (default: `scripts`), `initial_biases` (default: 0) and `branch_scale`.
        *path: Name of the random stream of the weights.
        n_outputs: Number of outputs.

    Returns:
        A model [batch, n_features] -> [batch, n_outputs] with named layers.
    """
    inputs = keras.Input((n_features,), name="inputs")
    hidden = BODIES[settings["architecture"]](inputs, settings, *path)
    outputs = keras.layers.Dense(n_outputs, name="output", **_start(hidden.shape[-1], settings, *path, "output"))
    return keras.Model(inputs, outputs(hidden), name="learner")


def fully_connected(hidden: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """Apply `depth` dense layers of `width` units, [batch, n] -> [batch, width]."""
    width = units(settings["width"], hidden.shape[-1])
    for layer in range(1, settings["depth"] + 1):
        hidden = _dense(hidden, width, settings, *path, layer)
    return hidden


def residual(hidden: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """Apply `depth` dense layers with a shortcut around each except the first, [batch, n] -> [batch, width].

    With `branch_scale: depth` the outputs of a layer are divided by the depth before they are added. With He
    initialisation, norms then grow by a bounded factor at any depth; without the division they grow exponentially.
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
    """Apply `depth` one-dimensional convolutions, `width` filters of 3 taps, [batch, n] -> [batch, n * width]."""
    filters = units(settings["width"], hidden.shape[-1])
    hidden = keras.layers.Reshape((hidden.shape[-1], 1), name="channel")(hidden)
    for layer in range(1, settings["depth"] + 1):
        start = _start(3 * hidden.shape[-1], settings, *path, layer)
        convolution = keras.layers.Conv1D(filters, 3, padding="same", name=f"convolution_{layer}", **start)
        hidden = _activated(convolution(hidden), settings, layer)
    return keras.layers.Flatten(name="flat")(hidden)


def quadratic(hidden: keras.KerasTensor, settings: dict[str, Any], *path: str | int) -> keras.KerasTensor:
    """Append all pairwise products to the inputs, then apply `fully_connected`; depth 0 is linear in both."""
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
    """Return the Keras optimiser with the settings `name`, `learning_rate` and `arguments`."""
    cls = getattr(keras.optimizers, settings["name"])
    return cls(learning_rate=settings["learning_rate"], **settings["arguments"])
