"""Exact evaluation of N1 that computes only the non-blank cells of an image (section 3.1).

A *cell* consists of 4 x 4 pixels. An image has 7 x 7 cells, and each is what one window of the second pooling layer
covers. The first layer computes a cell from a *patch* of 8 x 8 pixels around it. An image shows one line, so only about
10 of the 49 patches contain a black pixel; their cells are *active*. The first convolution has no activation: in all
other cells, the outputs of the first stage equal its bias b1. Hence

    outputs of the first stage  = b1 + D, where D is nonzero in active cells only
    outputs of the second stage = outputs for the constant b1, the same for every image
                                  + contributions of each active cell's D to the 3 x 3 cells around it

The second stage is computed only in *reached* cells, which have an active cell among the 3 x 3 cells around them.

Convolutions become products with matrices that hold their taps: 36 pixels of a *square* -> 4 members of a window of the
first pooling layer, and 4 positions of a cell -> 9 cells of 4 positions, each with 16 filters. A square is what one
position sees, 6 x 6 pixels; a patch has four squares. Products are computed once per distinct square and once per
distinct patch.

Values and gradients equal those of the Keras layers up to rounding. If members of a pooling window are equal, the
gradient goes to the first in reading order, as in TensorFlow's pooling.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from failures.families.lines.cells import CELLS, REACH, Active, active, links, reached_cells
from failures.families.lines.networks import FILTERS, SIDE

TAPS = 5
# Filters of the four positions of a cell.
POSITIONS = 4 * FILTERS
# Side of a square. A patch is packed into eight bytes, one per row; these are the bits of its first square, and the
# distances in bits of the other squares.
SQUARE = TAPS + 1
SQUARE_BITS, SQUARE_SHIFTS = 0x3F3F3F3F3F3F, (0, 2, 16, 18)
# Side of the square of pixels that one position sees.
SEEN = TAPS + 1
# Number of kernels and biases of N1's dense layers.
DENSE = 6
# Pixels of each of the 64 possible rows of a square.
ROWS = ((np.arange(2**SEEN)[:, None] >> np.arange(SEEN)) & 1).astype(np.float32)


class Matrices(NamedTuple):
    """Weights of N1 as the matrices that `scores` multiplies by.

    Attributes:
        first: [36, 64], from the pixels of a square to the members and filters of a window of the first pooling layer.
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
    row, column, member_row, member_column = np.indices((SQUARE, SQUARE, 2, 2))
    return _tap(row - member_row, column - member_column).reshape(SQUARE**2, 4)


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


FIRST_TAPS, SECOND_TAPS, INNER_TAPS = _first_taps(), _second_taps(), _inner_taps()


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


@tf.custom_gradient
def _sum_contributions(
    contributions: tf.Tensor,
    rows: tf.Tensor,
    segments: tf.Tensor,
    receivers: tf.Tensor,
    patch_indices: tf.Tensor,
    n: tf.Tensor,
):
    """Sum the contributions to each reached cell.

    Args:
        contributions: Contributions of distinct patches to the nine cells around them, [patches, 576].
        rows: Row indices, as `segments` and `receivers` from `links`.
        segments: Ascending segment ids, one per row index.
        receivers: Row of the reached cell that receives each contribution, for the gradient.
        patch_indices: Index of the patch of each active cell, for the gradient; each patch occurs.
        n: Number of reached cells.

    Returns:
        Sums, [n + 1, 64]; the last row is 0, and its gradient must be 0.
    """

    def gradient(upstream: tf.Tensor):
        # The gradient of a contribution is a lookup. Those of equal patches are then consecutive, and summed.
        order = tf.argsort(patch_indices)
        lookup = tf.gather(upstream, tf.gather(receivers, order))
        sums = tf.math.segment_sum(tf.reshape(lookup, [-1, REACH * POSITIONS]), tf.gather(patch_indices, order))
        return sums, None, None, None, None, None

    values = tf.reshape(contributions, [-1, POSITIONS])
    return tf.sparse.segment_sum(values, rows, segments, num_segments=n + 1), gradient


def _sum_by_place(values: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Sum the values of reached cells at each place, [reached, columns] -> [49, columns]."""
    return tf.sparse.segment_sum(values, tf.range(tf.shape(values)[0]), place, num_segments=CELLS)


@tf.custom_gradient
def _add_blank(sums: tf.Tensor, blank: tf.Tensor, place: tf.Tensor):
    """Add the outputs for a blank image, [49, 64], to the sums of the reached cells and to one further row."""

    def gradient(upstream: tf.Tensor):
        return upstream, _sum_by_place(upstream[:-1], place), None

    return sums + tf.gather(blank, tf.pad(place, [[0, 1]])), gradient


@tf.custom_gradient
def _fill_maps(maxima: tf.Tensor, blank: tf.Tensor, cell: tf.Tensor, place: tf.Tensor, row: tf.Tensor):
    """Fill the maps of n images with the maxima of reached cells, and with those of a blank image elsewhere.

    Args:
        maxima: Maxima of the reached cells and of one further row, [reached + 1, 16].
        blank: Maxima of a blank image, [49, 16].
        cell: `Reached.cell`, as the other arguments.
        place: `Reached.place`.
        row: `Reached.row`.

    Returns:
        Maps, [49 n, 16].
    """

    def gradient(upstream: tf.Tensor):
        lookup = tf.gather(upstream, cell)
        every = tf.reduce_sum(tf.reshape(upstream, [-1, CELLS * FILTERS]), axis=0)
        others = tf.reshape(every, [CELLS, FILTERS]) - _sum_by_place(lookup, place)
        return tf.pad(lookup, [[0, 1], [0, 0]]), others, None, None, None

    return tf.gather(tf.concat([maxima, blank], 0), row), gradient


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
    patches, patch_indices = tf.unique(_pack(cells.rows))
    return collect(weights, spread(weights, _unpack(patches)), cells, patch_indices)


def _pack(rows: tf.Tensor) -> tf.Tensor:
    """Pack the rows of patches, int32 [patches, 8], into one integer per patch, int64 [patches]."""
    return tf.bitcast(tf.cast(rows, tf.uint8), tf.int64)


def _unpack(patches: tf.Tensor) -> tf.Tensor:
    """Unpack patches into rows; the inverse of `_pack`."""
    return tf.cast(tf.bitcast(patches, tf.uint8), tf.int32)


def spread(weights: Matrices, rows: tf.Tensor) -> tf.Tensor:
    """Compute the contributions of patches to the nine cells around them.

    Args:
        weights: Matrices of N1.
        rows: Rows of the patches, eight bits per row, int32 [patches, 8].

    Returns:
        Contributions, [patches, 576].
    """
    shifted = tf.bitwise.right_shift(_pack(rows)[:, None], tf.constant(SQUARE_SHIFTS, tf.int64))
    squares, indices = tf.unique(tf.reshape(tf.bitwise.bitwise_and(shifted, SQUARE_BITS), [-1]))
    pixels = tf.reshape(tf.gather(ROWS, _unpack(squares)[:, :SQUARE]), [-1, SQUARE**2])
    maxima = _maximum_of_four(tf.split(pixels @ weights.first, 4, axis=1))
    return tf.reshape(tf.gather(maxima, indices), [-1, POSITIONS]) @ weights.second


def collect(weights: Matrices, contributions: tf.Tensor, cells: Active, patch_indices: tf.Tensor) -> tf.Tensor:
    """Compute the inputs of N1's last layer from the contributions of patches.

    Args:
        weights: Matrices of N1.
        contributions: Contributions of patches to the nine cells around them, [patches, 576].
        cells: Active cells of n images.
        patch_indices: Index of the patch of each active cell, int32 [cells]. For the gradient, each patch must occur.

    Returns:
        Features, [n, 100].
    """
    n, reached = cells.seen.shape[0], reached_cells(cells.seen)
    linked = links(cells, reached, patch_indices)
    sums = _sum_contributions(contributions, *linked, patch_indices, tf.shape(reached.cell)[0])
    outputs = _add_blank(sums, weights.blank, reached.place)
    maxima, blank = (_maximum_of_four(tf.split(values, 4, axis=1)) for values in (outputs, weights.blank))
    maps = _fill_maps(maxima, blank, reached.cell, reached.place, reached.row)
    flat = tf.reshape(_residual(weights.blocks, tf.reshape(maps, [n, CELLS, FILTERS]), n), [n, CELLS * FILTERS])
    hidden = tf.nn.relu(flat @ weights.kernel_1 + weights.bias_1)
    return tf.nn.relu(hidden @ weights.kernel_2 + weights.bias_2)
