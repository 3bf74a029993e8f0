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


def units(width: int | str, n_features: int) -> int:
    """Units of a hidden layer from a setting such as 64 or ``"10d"``."""
    return int(width[:-1]) * n_features if isinstance(width, str) else width


def fully_connected(n_features: int, settings: dict[str, Any], *path: str | int) -> keras.Sequential:
    """Hidden layers and a linear output of one unit; biases start at 0.

    settings: `width`, `depth`, `activation` of `failures.settings.Learner`.
    path: name of the random stream of the weights. Returns a model [batch, n_features] -> [batch, 1].
    """
    model = keras.Sequential([keras.Input((n_features,))], name="learner")
    fan_in = n_features
    for layer in range(1, settings["depth"] + 1):
        width = units(settings["width"], n_features)
        weights = initializer(fan_in, *path, layer)
        model.add(keras.layers.Dense(width, settings["activation"], kernel_initializer=weights, name=f"hidden_{layer}"))
        fan_in = width
    model.add(keras.layers.Dense(1, kernel_initializer=initializer(fan_in, *path, "output"), name="output"))
    return model


def optimizer(settings: dict[str, Any]) -> keras.optimizers.Optimizer:
    """The Keras optimiser of the settings `name`, `learning_rate` and `arguments`."""
    cls = getattr(keras.optimizers, settings["name"])
    return cls(learning_rate=settings["learning_rate"], **settings["arguments"])
