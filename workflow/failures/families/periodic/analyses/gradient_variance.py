"""Gradient variance over the direction of v at initialisation, by quadrature and by Monte Carlo (section 2, Theorem 2).

Columns of gradients/periodic/linear_periodic_variance/LEARNER.csv:
    learner
    seed: seed of the initial weights
    n_features
    wave: `cosine` or `square`
    norm: r
    method: `quadrature`: exact, by numerical integration; `leading_order`: limit for large r, a power of r (cosine
        only); `monte_carlo`: estimate
    variance: variance of the expected gradient over the direction of v, summed over the parameters
    standard_error: standard error of `monte_carlo`, over pairs of directions
    gradient_square: E||grad p(x)||^2: exact for networks with a quadrature, otherwise estimated from samples

One row per network, wave, d, r and method.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from failures.engine import learners
from failures.engine.gradients import in_precision, sample_gradients
from failures.engine.seeding import DATA, EVALUATION, INIT, INSTANCE, derive, generator
from failures.families.periodic import theory
from failures.families.periodic.problem import draw_direction
from failures.families.periodic.waves import psi

STREAM = ("periodic", "linear_periodic_variance")
# Points per line against r.
N_NORMS = 25
SQUARE_SAMPLES = 1000


def analyze(
    inputs: dict[str, Any],
    name: str,
    stream: str,
    waves: list[str],
    n_features: list[int],
    norms: list[float],
    seeds: list[int],
    n_pairs: int,
    n_samples: int,
    **learner: Any,
) -> pd.DataFrame:
    """Compute the gradient variance of a learner's networks, at the pairs (d, r) of `grid`.

    Quadrature requires one hidden ReLU layer; Monte Carlo estimates cover only the dimensions and norms of the
    settings. Without quadrature, `gradient_square` is the mean over SQUARE_SAMPLES samples.

    Args:
        inputs: Empty.
        name: Name of the learner.
        stream: Name of the learner's random stream.
        waves: `waves` of the experiment `linear_periodic_variance`.
        n_features: `n_features` of the experiment.
        norms: `norms` of the experiment.
        seeds: Seeds of the initial weights.
        n_pairs: `n_pairs` of the experiment.
        n_samples: `n_samples` of the experiment.
        **learner: Keys of a validated block of `periodic.learners` that define its network.

    Returns:
        The table that `Columns` describes.
    """
    pairs, rows = grid(n_features, norms), []
    for d in sorted({d for d, _ in pairs}):
        for seed in seeds:
            key = (*STREAM, d, seed)
            model = in_precision(learners.network(d, learner, *key, INIT, stream), "float64")
            is_exact = has_closed_form(model)
            variances = list(_exact(model, waves, [norm for other, norm in pairs if other == d])) if is_exact else []
            if d in n_features:
                variances += _estimated(model, list(product(waves, norms)), n_pairs, n_samples, key)
            if variances:
                square = theory.gradient_square(model.get_weights()) if is_exact else sampled_square(model, key)
                rows += [(name, seed, d, *row, square) for row in variances]
    columns = ["learner", "seed", "n_features", "wave", "norm", "method"]
    return pd.DataFrame(rows, columns=[*columns, "variance", "standard_error", "gradient_square"])


def grid(dimensions: list[int], norms: list[float]) -> list[tuple[int, float]]:
    """Return the pairs (d, r) of all lines of the figure.

    Lines against d have every d from the smallest to the largest, at each r and at r = sqrt(d). Lines against r have
    norms up to four times the largest, at each d.

    Args:
        dimensions: Values of d.
        norms: Values of r.

    Returns:
        Pairs, sorted.
    """
    between = range(min(dimensions), max(dimensions) + 1)
    pairs = {(d, float(norm)) for d in between for norm in [*norms, math.sqrt(d)]}
    pairs |= {(d, float(norm)) for d in dimensions for norm in np.geomspace(min(norms), 4 * max(norms), N_NORMS)}
    return sorted(pairs)


def has_closed_form(model: keras.Model) -> bool:
    """Return whether a network has one hidden ReLU layer and a linear output, as `theory` requires.

    The outputs for random inputs are compared with those of such a network with the same weights.

    Args:
        model: Model in float64.
    """
    weights, x = model.get_weights(), np.random.default_rng(0).standard_normal((16, *model.input_shape[1:]))
    if [part.ndim for part in weights] != [2, 1, 2, 1] or len(weights[0]) != x.shape[1]:
        return False
    w, b, a, c = weights
    return np.allclose(model(x), np.maximum(x @ w + b, 0) @ a + c, rtol=1e-9)


def _exact(model: keras.Model, waves: list[str], norms: list[float]) -> Iterator[tuple]:
    """Yield rows (wave, norm, method, variance, standard_error) of the quadrature and of its leading order."""
    weights = model.get_weights()
    for wave, norm in product(waves, norms):
        yield wave, norm, "quadrature", theory.gradient_variance(weights, norm, wave), math.nan
        if wave == "cosine":
            yield wave, norm, "leading_order", theory.leading_variance(weights, norm), math.nan


def _estimated(
    model: keras.Model, targets: list[tuple[str, float]], n_pairs: int, n_samples: int, stream: tuple
) -> list[tuple]:
    """Return rows of the Monte Carlo estimates, in the format of `_exact`."""
    rng, n_features = generator(*stream, INSTANCE), model.input_shape[1]
    directions = np.stack([[draw_direction(n_features, rng) for _ in range(2)] for _ in range(n_pairs)])
    estimates = estimate(model, targets, directions, n_samples, derive(*stream, DATA))
    values, errors = estimates.mean(axis=0), estimates.std(axis=0, ddof=1) / math.sqrt(n_pairs)
    return [(*target, "monte_carlo", *statistics) for target, *statistics in zip(targets, values, errors, strict=True)]


def estimate(
    model: keras.Model, targets: list[tuple[str, float]], directions: np.ndarray, n_samples: int, seed: int
) -> np.ndarray:
    """Compute unbiased estimates of the gradient variance over directions.

    Half the squared difference of the gradients for two directions has the variance as its expectation. The difference
    is computed on two independent batches, and the two results are multiplied, so that sampling noise has expectation
    0.

    Args:
        model: Model in float64.
        targets: Waves and norms.
        directions: Independent uniform unit vectors, [n_pairs, 2, n_features].
        n_samples: Samples per batch.
        seed: Seed of the samples.

    Returns:
        Estimates, [n_pairs, len(targets)].
    """

    def difference(pair: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        x = tf.random.stateless_normal([n_samples, pair.shape[1]], key, dtype=tf.float64)
        u = tf.linalg.matmul(x, pair, transpose_b=True)
        labels = [psi(wave, norm * u[:, :1]) - psi(wave, norm * u[:, 1:]) for wave, norm in targets]
        with tf.GradientTape(persistent=True) as tape:
            scores = model(x)
            means = [tf.reduce_mean(label * scores) for label in labels]
        return tf.stack([_flat(tape.gradient(mean, model.trainable_variables)) for mean in means])

    @tf.function(jit_compile=False, autograph=False)
    def products(pair: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        one, two = (difference(pair, tf.stack([seed, 2 * index + batch])) for batch in (0, 1))
        return tf.reduce_sum(one * two, axis=1) / 2

    return np.array([products(tf.constant(p), tf.constant(i, tf.int64)) for i, p in enumerate(directions)])


def sampled_square(model: keras.Model, stream: tuple) -> float:
    """Estimate E||grad p(x)||^2 of a network from samples.

    Args:
        model: Model in float64.
        stream: Name of the random stream of the samples.
    """
    samples = generator(*stream, EVALUATION).standard_normal((SQUARE_SAMPLES, model.input_shape[1]))
    return float(sample_gradients(model, samples).squared_norms().mean())


def _flat(tensors: list[tf.Tensor]) -> tf.Tensor:
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)
