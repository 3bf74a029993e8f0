"""Variance of a network's gradient over all parities, from its per-sample gradients (Theorem 1).

There are three methods, all in float64, from most to least expensive in d:

- transform: all 2^d vectors E_x[h_v(x) g(x)], by a Walsh-Hadamard transform of the gradients of all
  2^d inputs, one block of weights at a time; only this method splits the signal by parity size |v|;
- cube: the closed form with E ||g||^2 over all 2^d inputs, which requires only layer inputs and deltas;
- sample: the closed form with E ||g||^2 from random inputs, and its standard error.

Columns of gradients/parity/gradient_variance/LEARNER.csv, gradients/parity/trained/PROBLEM/LEARNER.csv:
    learner, n_features, seed
    trial: name of the target that the network is trained on (`trained`)
    updates, subset_size, accuracy, method, loss, degree, standard_error: as in `tables/gradient_variance.csv`
    quantity: `variance`, `bound`, `batch_noise` and `rounding` as in `tables/gradient_variance.csv`; `squared_norm`:
        E ||g||^2, with g as defined for that table; `energy`: the sum of ||E[h_v g]||^2 over all parities h_v of size
        `degree`
    value: value of the quantity
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from failures.engine.gradients import SampleGradients, sample_gradients
from failures.families.parity.theory.theorem_1 import subset_sizes, target_weight, variance, walsh_hadamard

# Inputs per forward pass; entries per block of gradients.
BATCH, BLOCK = 2**13, 2**23

LOSSES = ("square", "logistic", "hinge")


@dataclass(frozen=True)
class Measured:
    """Variance of the gradient over all parities, for one loss.

    Attributes:
        variance: Variance over all 2^d parities.
        error: Standard error of `variance`; 0 if exact.
        bound: Bound of Theorem 1, 2^-d E ||grad p||^2.
        bound_error: Standard error of `bound`; 0 if exact.
        squared_norm: E ||g||^2.
        energies: Sum of ||E[h_v g]||^2 over the parities of each size 0 to d, [d + 1]; None unless transformed.
    """

    variance: float
    error: float
    bound: float
    bound_error: float
    squared_norm: float
    energies: np.ndarray | None = None


def encode(bits: np.ndarray, encoding: str) -> np.ndarray:
    """Encode bits as inputs of a network: 0/1 (binary), or 1 for bit 0 and -1 for bit 1 (signed).

    Args:
        bits: 0/1, [n, d].
        encoding: ``"binary"`` or ``"signed"``.

    Returns:
        A float64 array [n, d].
    """
    return 1.0 - 2.0 * bits if encoding == "signed" else bits.astype(float)


def by_transform(network: keras.Model, n_features: int, encoding: str) -> dict[str, Measured]:
    """Compute variance and energies exactly, by a transform; memory grows as 2^d times the number of units.

    Args:
        network: Model [n, d] -> [n, 1] in float64.
        n_features: Dimension d.
        encoding: ``"binary"`` or ``"signed"``.

    Returns:
        Result for each of LOSSES.
    """
    inputs = encode(_cube_rows(n_features, 0, 2**n_features), encoding)
    gradients = sample_gradients(network, inputs)
    bound = gradients.squared_norms().mean() / 2**n_features
    measured: dict[str, Measured] = {}
    for loss in LOSSES:
        weights = target_weight(loss, gradients.scores)
        if np.ptp(weights) == 0 and "square" in measured:
            measured[loss] = _scaled(measured["square"], weights[0] ** 2)
        else:
            measured[loss] = _transformed(gradients, weights, n_features, bound)
    return measured


def by_cube(network: keras.Model, n_features: int, encoding: str) -> dict[str, Measured]:
    """Compute the variance exactly, by the closed form over all 2^d inputs.

    Args:
        network: Model [n, d] -> [n, 1] in float64.
        n_features: Dimension d.
        encoding: ``"binary"`` or ``"signed"``.

    Returns:
        Result for each of LOSSES, without energies.
    """
    sums, at_zero = dict.fromkeys(LOSSES, 0.0), {}
    norm = 0.0
    for start in range(0, 2**n_features, BATCH):
        rows = _cube_rows(n_features, start, min(start + BATCH, 2**n_features))
        gradients = sample_gradients(network, encode(rows, encoding))
        norms = gradients.squared_norms()
        norm += norms.sum()
        for loss in LOSSES:
            squares = target_weight(loss, gradients.scores) ** 2 * norms
            at_zero.setdefault(loss, squares[0])
            sums[loss] += squares.sum()
    size = 2**n_features
    return {
        loss: Measured(
            variance(sums[loss] / size, at_zero[loss], n_features), 0.0, norm / size**2, 0.0, sums[loss] / size
        )
        for loss in LOSSES
    }


def by_sample(
    network: keras.Model, n_features: int, encoding: str, n_samples: int, rng: np.random.Generator
) -> dict[str, Measured]:
    """Estimate the variance by the closed form, with E ||g||^2 from uniform random inputs.

    Args:
        network: Model [n, d] -> [n, 1] in float64.
        n_features: Dimension d.
        encoding: ``"binary"`` or ``"signed"``.
        n_samples: Number of random inputs.
        rng: Random generator.

    Returns:
        Result for each of LOSSES, without energies.
    """
    norms, squares = [], {loss: [] for loss in LOSSES}
    for bits in _batches(n_features, n_samples, rng):
        gradients = sample_gradients(network, encode(bits, encoding))
        norms.append(gradients.squared_norms())
        for loss in LOSSES:
            squares[loss].append(target_weight(loss, gradients.scores) ** 2 * norms[-1])
    zero = sample_gradients(network, encode(np.zeros((1, n_features), int), encoding))
    measured = {}
    for loss in LOSSES:
        (mean, error), (norm, norm_error) = (_mean(np.concatenate(values)) for values in (squares[loss], norms))
        at_zero = (target_weight(loss, zero.scores) ** 2 * zero.squared_norms())[0]
        scale = 0.5**n_features
        measured[loss] = Measured(
            variance(mean, at_zero, n_features), error * scale, norm * scale, norm_error * scale, mean
        )
    return measured


def _transformed(gradients: SampleGradients, weights: np.ndarray, n_features: int, bound: float) -> Measured:
    """Compute variance and energies of the gradients times `weights`."""
    size = 2**n_features
    energy, mean_energy = np.zeros(size), 0.0
    for block in gradients.blocks(max(1, BLOCK // size)):
        signals = walsh_hadamard(block * weights[:, None])
        energy += np.einsum("ij,ij->i", signals, signals)
        mean_energy += np.square(signals.mean(0)).sum()
    energies = np.bincount(subset_sizes(n_features), energy)
    return Measured(energy.mean() - mean_energy, 0.0, bound, 0.0, energy.sum(), energies)


def _scaled(measured: Measured, factor: float) -> Measured:
    """Return the result for gradients whose squared norm is multiplied by `factor`; the bound is unchanged."""
    return Measured(
        measured.variance * factor,
        0.0,
        measured.bound,
        0.0,
        measured.squared_norm * factor,
        measured.energies * factor,
    )


def _mean(values: np.ndarray) -> tuple[float, float]:
    """Return the mean and its standard error."""
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


def _cube_rows(n_features: int, start: int, stop: int) -> np.ndarray:
    """Return the bits of the inputs `start` to `stop` - 1 of the cube, [stop - start, n_features]."""
    return np.arange(start, stop)[:, None] >> np.arange(n_features) & 1


def _batches(n_features: int, n_samples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield uniform bits [at most BATCH, n_features], `n_samples` in total."""
    for start in range(0, n_samples, BATCH):
        yield rng.integers(0, 2, (min(BATCH, n_samples - start), n_features))


def rows(measured: dict[str, Measured], **keys: Any) -> list[dict[str, Any]]:
    """Return the results as tidy rows, one per loss, quantity and, for `energy`, parity size.

    Args:
        measured: Results by loss.
        **keys: Further columns, including `n_features`.

    Returns:
        Rows with the keys, `loss`, `quantity` (`variance`, `bound`, `squared_norm` or `energy`), `degree` (for
        `energy`), `value` and `standard_error`.
    """
    table = []
    for loss, result in measured.items():
        norm_error = result.error * 2 ** keys["n_features"]
        for quantity, value, error in (
            ("variance", result.variance, result.error),
            ("bound", result.bound, result.bound_error),
            ("squared_norm", result.squared_norm, norm_error),
        ):
            table.append(keys | {"loss": loss, "quantity": quantity, "value": value, "standard_error": error})
        for degree, energy in enumerate(result.energies if result.energies is not None else ()):
            row = {"loss": loss, "quantity": "energy", "degree": degree, "value": energy, "standard_error": 0.0}
            table.append(keys | row)
    return table
