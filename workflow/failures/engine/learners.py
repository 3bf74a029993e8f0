"""Build networks and optimisers from their configuration."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine import architectures
from failures.engine.layers import initializers

# Settings that an architecture reads, with the values of those that a caller may omit.
DEFAULTS = {"initial_weights": "scripts", "initial_biases": 0.0, "branch_scale": "one"}
KEYS = ("width", "depth", "activation", "normalization", *DEFAULTS)


def network(n_features: int, settings: dict[str, Any], *path: str | int, n_outputs: int = 1) -> keras.Model:
    """Build a network with linear outputs; the bias of the outputs is initially 0.

    Args:
        n_features: Input dimension d.
        settings: `architecture`, `width`, `depth`, `activation` and `normalization` of `failures.config.types.Learner`;
            optionally `initial_weights` (default: `scripts`), `initial_biases` (default: 0) and `branch_scale`
            (default: `one`). Other keys are ignored.
        *path: Key of the random stream of the weights.
        n_outputs: Number of outputs.

    Returns:
        A model [batch, n_features] -> [batch, n_outputs] with named layers.

    Raises:
        ValueError: The architecture is unknown or does not return a tensor [batch, n].
    """
    name, settings = settings["architecture"], {key: (DEFAULTS | settings)[key] for key in KEYS}
    inputs = keras.Input((n_features,), name="inputs")
    hidden = architectures.load(name)(inputs, settings, *path)
    if len(hidden.shape) != 2 or hidden.shape[-1] is None:
        raise ValueError(f"architecture {name!r}: hidden_layers returned the shape {hidden.shape}; return [batch, n]")
    start = initializers(hidden.shape[-1], settings, *path, "output")
    return keras.Model(inputs, keras.layers.Dense(n_outputs, name="output", **start)(hidden), name="learner")


def optimizer(settings: dict[str, Any]) -> keras.optimizers.Optimizer:
    """Return the Keras optimiser of a configuration.

    Args:
        settings: `name` (a class of `keras.optimizers`), `learning_rate` and `arguments` (further arguments).
    """
    cls = getattr(keras.optimizers, settings["name"])
    return cls(learning_rate=settings["learning_rate"], **settings["arguments"])
