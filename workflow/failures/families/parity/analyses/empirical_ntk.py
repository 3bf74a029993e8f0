"""Empirical neural tangent kernel on the whole cube, averaged over the pairs of inputs at each Hamming distance.

For a dense layer, <grad p(x), grad p(x')> is the product of <a(x), a(x')> and <delta(x), delta(x')>
(`failures.engine.gradients`). Two matrix products per layer replace a transform of all its weights. Rounding limits the
resolution: energies below about 1e-13 of the sum are not significant.
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
from scipy.special import comb

from failures.engine.gradients import FullGradients, OuterProducts, SampleGradients, sample_gradients
from failures.families.parity.analyses.gradient_variance import encode
from failures.families.parity.problem import cube

# Inputs per forward pass, which limits TensorFlow's memory, and per tile of the kernel, which fits into the CPU cache.
PIECE, TILE = 512, 256

Layer = OuterProducts | FullGradients


def cube_gradients(network: keras.Model, n_features: int) -> list[SampleGradients]:
    """Compute the gradients of the score on all 2^d signed inputs.

    Args:
        network: Model [n, d] -> [n, 1] in float64.
        n_features: Dimension d.

    Returns:
        Gradients of PIECE inputs per item, in the order of the cube.
    """
    inputs = encode(cube(n_features), "signed")
    return [sample_gradients(network, inputs[start : start + PIECE]) for start in range(0, len(inputs), PIECE)]


def by_distance(pieces: list[SampleGradients], n_features: int) -> np.ndarray:
    """Compute the mean of <grad p(x), grad p(x')> over all pairs of inputs at each Hamming distance.

    Args:
        pieces: Result of `cube_gradients`.
        n_features: Dimension d.

    Returns:
        The means at the distances 0 to d, [d + 1].
    """
    tiles, sums = list(_tiles(pieces)), np.zeros(n_features + 1)
    for index, (rows, row_gradients) in enumerate(tiles):
        for columns, column_gradients in tiles[index:]:
            kernel = sum(map(_products, row_gradients, column_gradients))
            distances = np.bitwise_count(rows[:, None] ^ columns)
            once = np.bincount(distances.ravel(), kernel.ravel(), n_features + 1)
            sums += once if rows is columns else 2 * once
    return sums / 2**n_features / comb(n_features, np.arange(n_features + 1))


def _tiles(pieces: list[SampleGradients]) -> Iterator[tuple[np.ndarray, list[Layer]]]:
    """Yield the indices of at most TILE inputs, and their gradients by layer."""
    start = 0
    for piece in pieces:
        for first in range(0, len(piece.scores), TILE):
            rows = slice(first, first + TILE)
            indices = np.arange(len(piece.scores), dtype=np.uint32)[rows] + np.uint32(start)
            yield indices, [_rows(layer, rows) for layer in piece.layers]
        start += len(piece.scores)


def _rows(layer: Layer, rows: slice) -> Layer:
    """Return the gradients of some inputs."""
    if isinstance(layer, OuterProducts):
        return OuterProducts(layer.inputs[rows], layer.deltas[rows])
    return FullGradients(layer.values[rows])


def _products(rows: Layer, columns: Layer) -> np.ndarray:
    """Return the inner products of the gradients of two sets of inputs, [rows, columns]."""
    if isinstance(rows, FullGradients):
        return rows.values @ columns.values.T
    products = rows.inputs @ columns.inputs.T
    products *= rows.deltas @ columns.deltas.T
    return products
