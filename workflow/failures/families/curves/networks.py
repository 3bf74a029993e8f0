"""Learners of section 4 as Keras models of curves, [batch, n_points]."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from failures.engine import layers
from failures.engine.seeding import derive
from failures.families.curves.problem import inverse_root, patches, second_moment

TAPS = 3


def network(n_points: int, n_pieces: int, settings: dict[str, Any], *path: str | int) -> keras.Model:
    """Build a learner with its initial weights.

    Args:
        n_points: Points per curve, n.
        n_pieces: Breakpoints per curve, k.
        settings: `architecture` and `conditioned` of `failures.families.curves.config.Learner`; for the autoencoder
            also `depth`, `residual` and `initial_weights`, or their defaults if missing.
        *path: Name of the random stream of the autoencoder's weights; all other weights start at 0.

    Returns:
        A model from curves [batch, n_points] to changes of slope [batch, n_points]; the autoencoder returns curves. The
        frozen layer `conditioner` of a conditioned learner is 0 until `condition` sets it.
    """
    inputs = keras.Input((n_points,), name="curve")
    body = {"linear": _linear, "convolution": _convolution, "autoencoder": _autoencoder}[settings["architecture"]]
    outputs = body(inputs, n_points, n_pieces, settings, *path)
    return keras.Model(inputs, outputs, name="learner")


def condition(model: keras.Model, curves: np.ndarray) -> None:
    """Set the layer `conditioner` of a model to C^(-1/2); models without this layer do not change.

    C is the uncentred second moment of the inputs: of whole curves for the linear learner, of patches of three points
    for the convolution.

    Args:
        model: Model of `network`.
        curves: Training curves, [n, n_points].
    """
    if "conditioner" not in [layer.name for layer in model.layers]:
        return
    layer = model.get_layer("conditioner")
    if isinstance(layer, keras.layers.Dense):
        layer.set_weights([inverse_root(second_moment(curves))])
    else:
        # The taps of Keras run forward in time, those of patches backward.
        root = inverse_root(second_moment(patches(curves)))
        layer.set_weights([root[::-1, None, :]])


def _linear(curve: keras.KerasTensor, n_points: int, n_pieces: int, settings: dict[str, Any], *path: str | int):
    if settings["conditioned"]:
        curve = _frozen(keras.layers.Dense(n_points, **_ZERO, name="conditioner"))(curve)
    return keras.layers.Dense(n_points, **_ZERO, name="changes")(curve)


def _convolution(curve: keras.KerasTensor, n_points: int, n_pieces: int, settings: dict[str, Any], *path: str | int):
    hidden = keras.layers.Reshape((n_points, 1), name="channel")(curve)
    if settings["conditioned"]:
        hidden = _frozen(keras.layers.Conv1D(TAPS, TAPS, padding="causal", **_ZERO, name="conditioner"))(hidden)
    taps = 1 if settings["conditioned"] else TAPS
    filtered = keras.layers.Conv1D(1, taps, padding="causal", **_ZERO, name="changes")(hidden)
    return keras.layers.Reshape((n_points,), name="row")(filtered)


def _autoencoder(curve: keras.KerasTensor, n_points: int, n_pieces: int, settings: dict[str, Any], *path: str | int):
    hidden, half = curve, settings.get("depth", 0) // 2
    for layer, width in enumerate((500, 100, 2 * n_pieces, 100, 100, n_points), start=1):
        activation = "relu" if layer < 6 else "linear"
        name = {3: "code", 6: "decoded"}.get(layer, f"hidden_{layer}")
        hidden = _dense(hidden, width, activation, name, settings, *path, layer)
        if layer in (2, 5):
            hidden = _further(hidden, half, {2: "encoder", 5: "decoder"}[layer], settings, *path)
    return hidden


def _further(hidden: keras.KerasTensor, n_layers: int, side: str, settings: dict[str, Any], *path: str | int):
    """Append ReLU layers of the same width, with shortcuts if `residual` is set."""
    for layer in range(1, n_layers + 1):
        name = f"{side}_{layer}"
        branch = _dense(hidden, hidden.shape[-1], "relu", name, settings, *path, side, layer)
        if settings["residual"]:
            scaled = keras.layers.Rescaling(1 / settings["depth"], name=f"{name}_scaled")(branch)
            branch = keras.layers.Add(name=f"{name}_sum")([hidden, scaled])
        hidden = branch
    return hidden


def _dense(hidden: keras.KerasTensor, width: int, activation: str, name: str, settings: dict[str, Any], *path):
    fan_in, sigma = hidden.shape[-1], settings.get("initial_weights", "scripts")
    if sigma == "scripts":
        weights = layers.initializer(fan_in, *path)
    else:
        std = (sigma if activation == "relu" else 1.0) * fan_in**-0.5
        weights = keras.initializers.RandomNormal(stddev=std, seed=derive(*path) % 2**31)
    return keras.layers.Dense(width, activation=activation, kernel_initializer=weights, name=name)(hidden)


_ZERO = {"use_bias": False, "kernel_initializer": "zeros"}


def _frozen(layer: keras.layers.Layer) -> keras.layers.Layer:
    layer.trainable = False
    return layer
