"""Variance of the gradient over all parities at initialisation, against d (Theorem 1)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from failures.engine import learners, losses
from failures.engine.gradients import in_precision
from failures.engine.seeding import DATA, INIT, generator
from failures.families.parity.analyses.gradient_variance import Measured, by_cube, by_sample, by_transform, encode, rows
from failures.runtime.jobs import report

# Batches for the average rounding error of a float32 gradient.
N_BATCHES = 16


def analyze(
    inputs: dict[str, Any],
    name: str,
    stream: str,
    n_features: list[int],
    seeds: list[int],
    encoding: str,
    **settings: Any,
) -> pd.DataFrame:
    """Compute variance, bound and energies of one learner, and the noise and rounding error of its gradients.

    In addition to the quantities of `gradient_variance.rows`, there are two for the square loss. `batch_noise` is the
    part of E ||gradient - its mean||^2 that the labels cause in a batch, E ||g||^2 / batch size. `rounding` is E
    ||error||^2, where the error is that of a batch's gradient in float32.

    Args:
        inputs: Empty.
        name: Name of the learner.
        stream: Name of the learner in the keys of random streams.
        n_features: Input dimensions d.
        seeds: Seeds of the replicates.
        encoding: ``"binary"`` or ``"signed"``.
        **settings: Settings of the learner (architecture, width, depth, activation, normalization, batch_size), and
            `largest_transform`, `largest_deep_transform`, `largest_cube` and `samples`.

    Returns:
        The table that `Columns` of `gradient_variance` describes, with 0 updates and without `trial`, `subset_size` and
        `accuracy`.
    """
    table = []
    for d in n_features:
        for seed in seeds:
            path = ("parity", "gradient_variance", d, seed)
            network = learners.network(d, settings, *path, INIT, stream)
            keys = {"learner": name, "n_features": d, "seed": seed, "updates": 0}
            measured, method = _measure(network, d, encoding, settings, generator(*path, DATA))
            table += rows(measured, **keys, method=method)
            noise = measured["square"].squared_norm / settings["batch_size"]
            table.append(keys | {"method": method, "loss": "square", "quantity": "batch_noise", "value": noise})
            batches = generator(*path, DATA, "batches")
            value, error = float_error(network, encoding, settings["batch_size"], batches)
            keys |= {"method": "batches", "loss": "square", "quantity": "rounding"}
            table.append(keys | {"value": value, "standard_error": error})
        report(f"{name}: d = {d} done")
    return pd.DataFrame(table)


def _measure(
    network: keras.Model, n_features: int, encoding: str, settings: dict[str, Any], rng: np.random.Generator
) -> tuple[dict[str, Measured], str]:
    """Apply the most expensive method that the settings permit; return its results and its name."""
    exact = in_precision(network, "float64")
    shallow = settings["depth"] <= 1
    if n_features <= settings["largest_transform" if shallow else "largest_deep_transform"]:
        return by_transform(exact, n_features, encoding), "transform"
    if n_features <= settings["largest_cube"]:
        return by_cube(exact, n_features, encoding), "cube"
    return by_sample(exact, n_features, encoding, settings["samples"], rng), "sample"


def float_error(network: keras.Model, encoding: str, batch_size: int, rng: np.random.Generator) -> tuple[float, float]:
    """Estimate E ||gradient in float32 - gradient in float64||^2 for a batch with random labels and the square loss.

    Args:
        network: Model [n, d] -> [n, 1] in float32.
        encoding: ``"binary"`` or ``"signed"``.
        batch_size: Samples per batch.
        rng: Random generator.

    Returns:
        The mean over N_BATCHES batches and its standard error.
    """
    exact = in_precision(network, "float64")
    errors = []
    for _ in range(N_BATCHES):
        inputs = encode(rng.integers(0, 2, (batch_size, network.input_shape[1])), encoding)
        labels = rng.choice([-1.0, 1.0], (batch_size, 1))
        pair = (_gradient(network, inputs, labels, tf.float32), _gradient(exact, inputs, labels, tf.float64))
        errors.append(np.square(pair[0] - pair[1]).sum())
    return np.mean(errors), np.std(errors, ddof=1) / N_BATCHES**0.5


def _gradient(network: keras.Model, inputs: np.ndarray, labels: np.ndarray, dtype: tf.DType) -> np.ndarray:
    """Return the gradient of the square loss with respect to all weights, [weights], as float64."""
    with tf.GradientTape() as tape:
        loss = losses.square(tf.cast(labels, dtype), network(tf.cast(inputs, dtype)))
    return np.concatenate(
        [part.numpy().ravel().astype(float) for part in tape.gradient(loss, network.trainable_variables)]
    )
