"""Exact evaluation of N1 that computes only the non-blank cells of an image (section 3.1).

A *cell* is a square of 4 x 4 pixels. An image has 7 x 7 cells, and each is what one window of the second pooling layer
covers. The first layer computes a cell from a *patch* of 8 x 8 pixels around it. An image shows one line, so only about
10 of the 49 patches contain a black pixel; their cells are *active*. The first convolution has no activation: in all
other cells, the outputs of the first stage equal its bias b1. Hence

    outputs of the first stage  = b1 + D, where D is nonzero in active cells only
    outputs of the second stage = outputs for the constant b1, the same for every image
                                  + contributions of each active cell's D to the 3 x 3 cells around it

Convolutions become products with matrices that hold their taps: 64 pixels of a patch -> 16 positions of a cell, and 4
positions of a cell -> 9 cells of 4 positions, each with 16 filters. Values and gradients equal those of the Keras
layers up to rounding. If members of a pooling window are equal, the gradient goes to the first in reading order, as in
TensorFlow's pooling.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from failures.families.lines.networks import FILTERS, SIDE
from failures.families.lines.problem import SIZE

TAPS = 5
CELLS = SIDE**2
# Cells that a cell contributes to, pixels of its patch, and its four positions with their filters.
REACH, PIXELS, POSITIONS = 9, 64, 4 * FILTERS
# Side of the square of pixels that one position sees.
SEEN = TAPS + 1
# Number of kernels and biases of N1's dense layers.
DENSE = 6
# Pixels of each of the 64 possible rows of a square.
ROWS = ((np.arange(2**SEEN)[:, None] >> np.arange(SEEN)) & 1).astype(np.float32)


class Matrices(NamedTuple):
    """Weights of N1 as the matrices that `scores` multiplies by.

    Attributes:
        first: [4, 64, 64], per member of a window of the first pooling layer: from the pixels of a patch to the
            positions and filters of a cell.
        second: [64, 576], from a cell to the nine cells around it.
        blank: [49, 64], outputs of the second convolution for a blank image.
        blocks: Kernel [3, 3, 16, 16] and bias [16] of each residual block.
        kernel_1: Kernel of the first dense layer; `bias_1` is its bias. The other two dense layers follow.
    """

    first: tf.Tensor
    second: tf.Tensor
    blank: tf.Tensor
    blocks: tuple[tuple[tf.Tensor, tf.Tensor], ...]
    kernel_1: tf.Tensor
    bias_1: tf.Tensor
    kernel_2: tf.Tensor
    bias_2: tf.Tensor
    kernel_3: tf.Tensor
    bias_3: tf.Tensor


def _tap(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the index of a tap; 25 if the position is outside of the filter."""
    inside = (row >= 0) & (row < TAPS) & (column >= 0) & (column < TAPS)
    return np.where(inside, TAPS * row + column, TAPS**2)


def _first_taps() -> np.ndarray:
    """Return the tap of the first convolution per pixel of a square and member of a window: [36, 4]."""
    row, column, member_row, member_column = np.indices((SEEN, SEEN, 2, 2))
    return _tap(row - member_row, column - member_column).reshape(SEEN**2, 4)


def _second_taps() -> np.ndarray:
    """Return the tap of the second convolution per position of a cell, reached cell and position in it: [4, 9, 4]."""
    row, column, down, right, to_row, to_column = np.indices((2, 2, 3, 3, 2, 2))
    taps = _tap(row - 2 * (down - 1) - to_row + 2, column - 2 * (right - 1) - to_column + 2)
    return taps.reshape(4, REACH, 4)


def _inner_taps() -> np.ndarray:
    """Return which taps of the second convolution lie inside the image, per cell and position: [49 * 4, 25]."""
    cell_row, cell_column, row, column, down, right = np.indices((SIDE, SIDE, 2, 2, TAPS, TAPS))
    seen = 2 * cell_row + row + down - 2, 2 * cell_column + column + right - 2
    inside = [(place >= 0) & (place < 2 * SIDE) for place in seen]
    return (inside[0] & inside[1]).reshape(-1, TAPS**2).astype(np.float32)


def _reached() -> np.ndarray:
    """Return the indices of the cells around each cell, [49, 9]; an out-of-range index outside of the image."""
    row, column, down, right = np.indices((SIDE, SIDE, 3, 3))
    row, column = row + down - 1, column + right - 1
    inside = (row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE)
    return np.where(inside, SIDE * row + column, 2**30).reshape(CELLS, REACH).astype(np.int32)


def _windows() -> np.ndarray:
    """Return bit masks of the 3 x 3 cells around each column of cells, [7, 3, 3].

    The masked integer has nine bits for each of three rows (see `_contributions`).
    """
    column, row, right = np.indices((SIDE, 3, 3))
    return (1 << ((SIDE + 2) * row + column + right)).astype(np.int32)


FIRST_TAPS, SECOND_TAPS, INNER_TAPS = _first_taps(), _second_taps(), _inner_taps()
REACHED, WINDOWS = _reached(), _windows()


def matrices(n1: keras.Model) -> Matrices:
    """Compute the matrices of N1, differentiable with respect to its weights.

    Args:
        n1: Model of `failures.families.lines.networks.n1`.
    """
    first, first_bias, second, second_bias, *others = [
        tf.convert_to_tensor(weight) for weight in n1.trainable_variables
    ]
    residual, dense = others[:-DENSE], others[-DENSE:]
    first = tf.pad(tf.reshape(first, [TAPS**2, FILTERS]), [[0, 1], [0, 0]])
    second = tf.reshape(second, [TAPS**2, FILTERS, FILTERS])
    constant = tf.einsum("i,tio->to", first_bias, second)
    spread = tf.gather(tf.pad(second, [[0, 1], [0, 0], [0, 0]]), SECOND_TAPS)
    return Matrices(
        tf.reshape(tf.gather(first, FIRST_TAPS), [SEEN**2, POSITIONS]),
        tf.reshape(tf.transpose(spread, [0, 3, 1, 2, 4]), [POSITIONS, REACH * POSITIONS]),
        tf.reshape(tf.cast(INNER_TAPS, constant.dtype) @ constant + second_bias, [CELLS, POSITIONS]),
        tuple(zip(residual[::2], residual[1::2], strict=True)),
        *dense,
    )


class Active(NamedTuple):
    """Active cells of n images.

    Attributes:
        seen: Whether a cell is active, bool [n, 7, 7].
        rows: Rows of the patch of each active cell, eight bits per row, int32 [cells, 8].
        reached: Indices in [0, 49 n) of the nine cells that each active cell contributes to, int32 [cells * 9]; 49 n if
            there is no such cell.
    """

    seen: tf.Tensor
    rows: tf.Tensor
    reached: tf.Tensor


def active(images: tf.Tensor) -> Active:
    """Find the active cells of packed images.

    Args:
        images: Packed images, int32 [n, 29], where n is static.
    """
    n = images.shape[0]
    # Row r of an image has index r + 2 here, and column c is bit c + 2.
    rows = tf.bitwise.left_shift(tf.pad(images[:, :SIZE], [[0, 0], [2, 2]]), 2)
    fours = reduce(tf.bitwise.bitwise_or, tf.unstack(tf.reshape(rows, [n, 8, 4]), axis=2))
    strips = tf.bitwise.bitwise_or(fours[:, :-1], fours[:, 1:])
    seen = _eight_bits(strips[..., None], 4 * tf.range(SIDE)) > 0
    cell = tf.cast(tf.where(tf.reshape(seen, [-1]))[:, 0], tf.int32)
    image = cell // CELLS
    first_row = 4 * (cell // SIDE + image)
    lines = tf.gather(tf.reshape(rows, [-1]), first_row[:, None] + np.arange(8, dtype=np.int32))
    reached = tf.gather(REACHED, cell - CELLS * image) + CELLS * image[:, None]
    rows = _eight_bits(lines, 4 * (cell % SIDE)[:, None])
    return Active(seen, rows, tf.reshape(tf.minimum(reached, n * CELLS), [-1]))


def _eight_bits(lines: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
    """Return eight bits of each integer, starting at bit `first`."""
    return tf.bitwise.bitwise_and(tf.bitwise.right_shift(lines, first), 255)


def _contributions(seen: tf.Tensor, patch_indices: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the row indices and ascending segment ids of the contributions to each cell.

    Args:
        seen: `Active.seen`.
        patch_indices: Index of the patch of each active cell, whose nine contributions are consecutive rows; None if
            every active cell has its own patch, in the order of the cells.
    """
    active = tf.cast(seen, tf.int32)
    # One integer per row of cells, whose bit c + 1 is column c; one integer for this row and the rows above and below.
    bits = tf.pad(tf.reduce_sum(tf.bitwise.left_shift(active, tf.range(1, SIDE + 1)), axis=2), [[0, 0], [1, 1]])
    three = bits[:, :-2] + 2 ** (SIDE + 2) * bits[:, 1:-1] + 4 ** (SIDE + 2) * bits[:, 2:]
    around = tf.reshape(tf.bitwise.bitwise_and(three[:, :, None, None, None], WINDOWS) > 0, [-1, 3, 3])
    to, row, column = tf.unstack(tf.cast(tf.where(around), tf.int32), axis=1)
    first = tf.cumsum(tf.reshape(active, [-1]), exclusive=True)
    if patch_indices is not None:
        # Padded, because the index after the last active cell is also looked up.
        first = tf.gather(tf.pad(patch_indices, [[0, 1]]), first)
    # The cell above and to the left contributes its last of nine rows.
    row_index = tf.gather(REACH * first, to + SIDE * row + column - SIDE - 1)
    return row_index + REACH - 1 - 3 * row - column, to


@tf.custom_gradient
def _segment_sum(values: tf.Tensor, rows: tf.Tensor, segments: tf.Tensor, n: int, reached: tf.Tensor):
    """Sum the rows of `values` that have the same segment id, which ascend.

    Args:
        values: Contributions, [rows, columns].
        rows: Row indices.
        segments: Ascending segment ids, one per row index.
        n: Number of segments.
        reached: Segment of every row of `values`, for the gradient; n for rows that are not used.

    Returns:
        Sums, [n, columns].
    """

    def gradient(upstream: tf.Tensor):
        # Each row of `values` occurs in at most one segment, so its gradient is a lookup and needs no sum.
        padded = tf.concat([upstream, tf.zeros_like(upstream[:1])], 0)  # twice as fast as tf.pad
        return tf.gather(padded, reached), None, None, None, None

    return tf.sparse.segment_sum(values, rows, segments, num_segments=n), gradient


@tf.custom_gradient
def _maximum(first: tf.Tensor, second: tf.Tensor):
    """Compute the maximum of two tensors; where they are equal, the gradient goes to the first."""
    first_is_larger = tf.cast(first >= second, first.dtype)

    def gradient(upstream: tf.Tensor):
        # A product is faster than the selection in TensorFlow's gradient.
        share = first_is_larger * upstream
        return share, upstream - share

    return tf.maximum(first, second), gradient


def _maximum_of_four(members: list[tf.Tensor]) -> tf.Tensor:
    """Compute the maximum of four tensors; where some are equal, the gradient goes to the first of them."""
    return _maximum(_maximum(members[0], members[1]), _maximum(members[2], members[3]))


def _residual(blocks: tuple, maps: tf.Tensor, n: int) -> tf.Tensor:
    """Apply residual blocks (`failures.families.lines.networks`) to maps, [n, 49, 16] -> [n, 49, 16]."""
    for kernel, bias in blocks:
        convolved = tf.nn.conv2d(tf.reshape(maps, [n, SIDE, SIDE, FILTERS]), kernel, 1, "SAME")
        maps += tf.nn.relu(tf.reshape(convolved, [n, CELLS, FILTERS]) + bias)
    return maps


def scores(weights: Matrices, images: tf.Tensor) -> tf.Tensor:
    """Compute N1's scores of packed images.

    Args:
        weights: Matrices of N1.
        images: Packed images, int32 [n, 29], where n is static.

    Returns:
        Scores, [n, 1].
    """
    hidden = features(weights, active(images))
    return hidden @ weights.kernel_3 + weights.bias_3


def features(weights: Matrices, cells: Active) -> tf.Tensor:
    """Compute the inputs of N1's last layer.

    Args:
        weights: Matrices of N1.
        cells: Active cells of n images.

    Returns:
        Features, [n, 100].
    """
    return collect(weights, spread(weights, cells.rows), cells)


def spread(weights: Matrices, rows: tf.Tensor) -> tf.Tensor:
    """Compute the contributions of patches to the nine cells around them.

    Args:
        weights: Matrices of N1.
        rows: Rows of the patches, eight bits per row, int32 [patches, 8].

    Returns:
        Contributions, [patches, 576].
    """
    return _positions(weights.first, rows) @ weights.second


def _positions(first: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Compute D from patches, [patches, 64]."""
    # Bits of the six columns that the left and the right positions see.
    columns = tf.cast(tf.bitwise.bitwise_and(tf.bitwise.right_shift(rows[:, None], [[0], [2]]), 2**SEEN - 1), tf.int64)
    shifts = tf.range(0, SEEN**2, SEEN, dtype=tf.int64)
    squares = [
        tf.reduce_sum(tf.bitwise.left_shift(columns[:, :, top : top + SEEN], shifts), axis=2) for top in (0, 2)
    ]
    distinct, indices = tf.unique(tf.reshape(tf.stack(squares, axis=1), [-1]))
    lines = tf.bitwise.bitwise_and(tf.bitwise.right_shift(distinct[:, None], shifts), 2**SEEN - 1)
    pixels = tf.reshape(tf.gather(ROWS, lines), [-1, SEEN**2])
    largest = _maximum_of_four(tf.split(pixels @ first, 4, axis=1))
    return tf.reshape(tf.gather(largest, indices), [-1, POSITIONS])


def collect(
    weights: Matrices, contributions: tf.Tensor, cells: Active, patch_indices: tf.Tensor | None = None
) -> tf.Tensor:
    """Compute the inputs of N1's last layer from the contributions of patches.

    Args:
        weights: Matrices of N1.
        contributions: Contributions of patches to the nine cells around them, [patches, 576].
        cells: Active cells of n images.
        patch_indices: Index of the patch of each active cell, int32 [cells]. None if every active cell has its own
            patch; only then is the result differentiable with respect to `contributions`.

    Returns:
        Features, [n, 100].
    """
    n = cells.seen.shape[0]
    outputs = _segment_sum(
        tf.reshape(contributions, [-1, POSITIONS]), *_contributions(cells.seen, patch_indices), n * CELLS, cells.reached
    )
    outputs = tf.reshape(outputs, [n, CELLS, POSITIONS]) + weights.blank
    maps = _residual(weights.blocks, _maximum_of_four(tf.split(outputs, 4, axis=-1)), n)
    flat = tf.reshape(maps, [n, CELLS * FILTERS])
    hidden = tf.nn.relu(flat @ weights.kernel_1 + weights.bias_1)
    return tf.nn.relu(hidden @ weights.kernel_2 + weights.bias_2)
