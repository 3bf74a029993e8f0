"""The tangent kernel of a network on the whole cube, averaged over the pairs of inputs at each distance.

<grad p(x), grad p(x')> is, for a dense layer, the product of <a(x), a(x')> and <delta(x), delta(x')>
(`failures.engine.gradients`): two products of matrices a layer in place of a transform of all its weights. What is small
against the whole is lost in its rounding: energies below about 1e-13 of the sum mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
from scipy.special import comb

from failures.engine.gradients import FullGradients, OuterProducts, SampleGradients, sample_gradients
from failures.families.parity.analyses.gradient_variance import encode
from failures.families.parity.problem import cube

# Inputs that pass through a network at once (TensorFlow keeps all that layers compute), and in a tile of the kernel,
# which stays in the processor's cache.
PIECE, TILE = 512, 256

Layer = OuterProducts | FullGradients


def cube_gradients(network: keras.Model, n_features: int) -> list[SampleGradients]:
    """Gradients of the score on all 2^d signed inputs, in pieces of their order; network in float64."""
    inputs = encode(cube(n_features), "signed")
    return [sample_gradients(network, inputs[start : start + PIECE]) for start in range(0, len(inputs), PIECE)]


def by_distance(pieces: list[SampleGradients], n_features: int) -> np.ndarray:
    """Mean of <grad p(x), grad p(x')> over all pairs of inputs at Hamming distance 0..d, [d + 1]."""
    tiles, sums = list(_tiles(pieces)), np.zeros(n_features + 1)
    for index, (rows, of_rows) in enumerate(tiles):
        for columns, of_columns in tiles[index:]:
            kernel = sum(map(_products, of_rows, of_columns))
            distances = np.bitwise_count(rows[:, None] ^ columns)
            once = np.bincount(distances.ravel(), kernel.ravel(), n_features + 1)
            sums += once if rows is columns else 2 * once
    return sums / 2**n_features / comb(n_features, np.arange(n_features + 1))


def _tiles(pieces: list[SampleGradients]) -> Iterator[tuple[np.ndarray, list[Layer]]]:
    """Numbers of at most TILE inputs, and their gradients by every layer."""
    start = 0
    for piece in pieces:
        for first in range(0, len(piece.scores), TILE):
            rows = slice(first, first + TILE)
            numbers = np.arange(len(piece.scores), dtype=np.uint32)[rows] + np.uint32(start)
            yield numbers, [_rows(layer, rows) for layer in piece.layers]
        start += len(piece.scores)


def _rows(layer: Layer, rows: slice) -> Layer:
    if isinstance(layer, OuterProducts):
        return OuterProducts(layer.inputs[rows], layer.deltas[rows])
    return FullGradients(layer.values[rows])


def _products(rows: Layer, columns: Layer) -> np.ndarray:
    """Inner products of the gradients of two sets of inputs, [rows, columns]."""
    if isinstance(rows, FullGradients):
        return rows.values @ columns.values.T
    products = rows.inputs @ columns.inputs.T
    products *= rows.deltas @ columns.deltas.T
    return products
