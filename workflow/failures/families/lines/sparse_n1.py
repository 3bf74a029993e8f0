"""An exact evaluation of N1 that computes only where an image is not blank.

Let a cell be a square of 4 x 4 pixels: an image has 7 x 7 of them, and each is what one window of the second maximum
covers. An image shows one line, so of the 49 only about 10 cells see a pixel of it, within a patch of 8 x 8. N1's
first convolution has no activation: in all other cells the outputs of the first stage are just its bias b1. Hence

    outputs of the first stage  = b1 + D, with D nonzero in the active cells alone;
    outputs of the second stage = those of the constant b1, the same for every image
                                  + what the D of each active cell adds in the 3 x 3 cells around it.

Convolutions become products with matrices that hold their taps: 64 pixels of a patch -> 16 positions of a cell, and
4 positions of a cell -> 9 cells of 4 positions, all with 16 filters. Values and gradients are those of the plain layers
but for rounding; where members of a window are equal, the gradient belongs to the first in reading order, as in
TensorFlow's own pooling.
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
# Cells that a cell reaches, pixels that it sees, and its four positions with their filters.
REACH, PIXELS, POSITIONS = 9, 64, 4 * FILTERS
# Kernels and biases of N1's dense layers.
DENSE = 6
# The pixels of each of the 256 rows of a patch.
ROWS = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.float32)


class Matrices(NamedTuple):
    """N1's weights as the matrices that `scores` multiplies by.

    first: [4, 64, 64], for each member of a window of the first maximum from the pixels of a patch to the positions of
    a cell with their filters; second: [64, 576], from a cell to the nine around it; blank: [49, 64], outputs of the
    second convolution for a blank image; blocks: kernel [3, 3, 16, 16] and bias [16] of each residual block; the
    others are kernels and biases of the dense layers.
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
    """Number of a tap, 25 where there is none."""
    inside = (row >= 0) & (row < TAPS) & (column >= 0) & (column < TAPS)
    return np.where(inside, TAPS * row + column, TAPS**2)


def _first_taps() -> np.ndarray:
    """Tap of the first convolution for every member of a window, pixel of a patch and position: [4, 64, 4]."""
    member_row, member_column, row, column, down, right = np.indices((2, 2, 8, 8, 2, 2))
    return _tap(row - 2 * down - member_row, column - 2 * right - member_column).reshape(4, PIXELS, 4)


def _second_taps() -> np.ndarray:
    """Tap of the second convolution for every position of a cell, cell it reaches and position there: [4, 9, 4]."""
    row, column, down, right, to_row, to_column = np.indices((2, 2, 3, 3, 2, 2))
    taps = _tap(row - 2 * (down - 1) - to_row + 2, column - 2 * (right - 1) - to_column + 2)
    return taps.reshape(4, REACH, 4)


def _inner_taps() -> np.ndarray:
    """Which taps of the second convolution lie inside the image, for each cell and position: [49 * 4, 25]."""
    cell_row, cell_column, row, column, down, right = np.indices((SIDE, SIDE, 2, 2, TAPS, TAPS))
    seen = 2 * cell_row + row + down - 2, 2 * cell_column + column + right - 2
    inside = [(place >= 0) & (place < 2 * SIDE) for place in seen]
    return (inside[0] & inside[1]).reshape(-1, TAPS**2).astype(np.float32)


def _reached() -> np.ndarray:
    """Numbers of the cells around every cell, [49, 9]; far beyond all others where there is none."""
    row, column, down, right = np.indices((SIDE, SIDE, 3, 3))
    row, column = row + down - 1, column + right - 1
    inside = (row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE)
    return np.where(inside, SIDE * row + column, 2**30).reshape(CELLS, REACH).astype(np.int32)


def _windows() -> np.ndarray:
    """Bits of the 3 x 3 cells around each column of cells: [7, 3, 3], in a number that has nine for each of three rows
    (see `_sums`)."""
    column, row, right = np.indices((SIDE, 3, 3))
    return (1 << ((SIDE + 2) * row + column + right)).astype(np.int32)


FIRST_TAPS, SECOND_TAPS, INNER_TAPS = _first_taps(), _second_taps(), _inner_taps()
REACHED, WINDOWS = _reached(), _windows()


def matrices(n1: keras.Model) -> Matrices:
    """The matrices of N1 (`failures.families.lines.networks.n1`), differentiable by its weights."""
    first, first_bias, second, second_bias, *others = [
        tf.convert_to_tensor(weight) for weight in n1.trainable_variables
    ]
    residual, dense = others[:-DENSE], others[-DENSE:]
    first = tf.pad(tf.reshape(first, [TAPS**2, FILTERS]), [[0, 1], [0, 0]])
    second = tf.reshape(second, [TAPS**2, FILTERS, FILTERS])
    constant = tf.einsum("i,tio->to", first_bias, second)
    spread = tf.gather(tf.pad(second, [[0, 1], [0, 0], [0, 0]]), SECOND_TAPS)
    return Matrices(
        tf.reshape(tf.gather(first, FIRST_TAPS), [4, PIXELS, POSITIONS]),
        tf.reshape(tf.transpose(spread, [0, 3, 1, 2, 4]), [POSITIONS, REACH * POSITIONS]),
        tf.reshape(tf.cast(INNER_TAPS, constant.dtype) @ constant + second_bias, [CELLS, POSITIONS]),
        tuple(zip(residual[::2], residual[1::2], strict=True)),
        *dense,
    )


class Active(NamedTuple):
    """The active cells of some images.

    seen: whether a cell is one, bool [n, 7, 7]. rows: of the patch that each of them sees, eight bits each, int32
    [cells, 8]. reached: numbers of the cells that they reach, in an order of images times 49, int32 [cells * 9]; as
    many as there are for none.
    """

    seen: tf.Tensor
    rows: tf.Tensor
    reached: tf.Tensor


def active(images: tf.Tensor) -> Active:
    """Find the active cells of packed images, int32 [n, 29] (n static)."""
    n = images.shape[0]
    # Row r of an image is number r + 2 here, and column c is bit c + 2.
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
    """Eight bits of every number from bit `first` on."""
    return tf.bitwise.bitwise_and(tf.bitwise.right_shift(lines, first), 255)


def _sums(seen: tf.Tensor, numbers: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
    """What the cells are sums of: numbers of rows of what is added, and for each that of its cell, ascending.

    seen: `Active.seen`. numbers: for each active cell, nine consecutive rows that it adds to the cells around it, in
    nines; None where these are in the order of the cells.
    """
    active = tf.cast(seen, tf.int32)
    # One number for each row of cells, bit c + 1 of which is column c, and one for it and the rows above and below.
    bits = tf.pad(tf.reduce_sum(tf.bitwise.left_shift(active, tf.range(1, SIDE + 1)), axis=2), [[0, 0], [1, 1]])
    three = bits[:, :-2] + 2 ** (SIDE + 2) * bits[:, 1:-1] + 4 ** (SIDE + 2) * bits[:, 2:]
    around = tf.reshape(tf.bitwise.bitwise_and(three[:, :, None, None, None], WINDOWS) > 0, [-1, 3, 3])
    to, row, column = tf.unstack(tf.cast(tf.where(around), tf.int32), axis=1)
    first = tf.cumsum(tf.reshape(active, [-1]), exclusive=True)
    if numbers is not None:
        # One more than there are cells: what comes after the last of them has a number, too.
        first = tf.gather(tf.pad(numbers, [[0, 1]]), first)
    # From a cell above and to the left, what is added is the last of nine.
    by = tf.gather(REACH * first, to + SIDE * row + column - SIDE - 1)
    return by + REACH - 1 - 3 * row - column, to


@tf.custom_gradient
def _add_up(values: tf.Tensor, rows: tf.Tensor, places: tf.Tensor, n: int, reached: tf.Tensor):
    """Sums of the rows of values that have the same place, [n, columns]; places ascend. reached: the place of every
    value, for the gradient, n for none."""

    def gradient(upstream: tf.Tensor):
        # A value is added at one place at the most, so that nothing has to be added up here, as TensorFlow's own would.
        padded = tf.concat([upstream, tf.zeros_like(upstream[:1])], 0)  # half the time of tf.pad
        return tf.gather(padded, reached), None, None, None, None

    return tf.sparse.segment_sum(values, rows, places, num_segments=n), gradient


@tf.custom_gradient
def _larger(first: tf.Tensor, second: tf.Tensor):
    """Maximum of two tensors; the gradient is that of the first where they are equal."""
    of_first = tf.cast(first >= second, first.dtype)

    def gradient(upstream: tf.Tensor):
        # TensorFlow's own gradient selects, which takes longer than a product.
        share = of_first * upstream
        return share, upstream - share

    return tf.maximum(first, second), gradient


def _largest(members: list[tf.Tensor]) -> tf.Tensor:
    """Maximum of four tensors; the gradient is that of the first of equal ones."""
    return _larger(_larger(members[0], members[1]), _larger(members[2], members[3]))


def _residual(blocks: tuple, maps: tf.Tensor, n: int) -> tf.Tensor:
    """What residual blocks make of the maps of n images, [n, 49, 16] -> [n, 49, 16] (`failures.families.lines.networks`)."""
    for kernel, bias in blocks:
        convolved = tf.nn.conv2d(tf.reshape(maps, [n, SIDE, SIDE, FILTERS]), kernel, 1, "SAME")
        maps += tf.nn.relu(tf.reshape(convolved, [n, CELLS, FILTERS]) + bias)
    return maps


def scores(weights: Matrices, images: tf.Tensor) -> tf.Tensor:
    """N1's scores of packed images, int32 [n, 29] (n static) -> [n, 1]."""
    hidden = features(weights, active(images))
    return hidden @ weights.kernel_3 + weights.bias_3


def features(weights: Matrices, cells: Active) -> tf.Tensor:
    """Inputs of N1's last layer for n images with these active cells, [n, 100]."""
    return collect(weights, spread(weights, cells.rows), cells)


def spread(weights: Matrices, rows: tf.Tensor) -> tf.Tensor:
    """What patches of these rows, int32 [cells, 8], add to the nine cells around theirs: [cells, 576]."""
    patches = tf.reshape(tf.gather(ROWS, rows), [-1, PIXELS])
    return _largest([patches @ kernel for kernel in tf.unstack(weights.first)]) @ weights.second


def collect(weights: Matrices, added: tf.Tensor, cells: Active, numbers: tf.Tensor | None = None) -> tf.Tensor:
    """Inputs of N1's last layer, [n, 100], from what patches add to the nine cells around theirs, [patches, 576].

    numbers: of the patch that each active cell sees, int32 [cells]; None, and all can be differentiated, where every
    cell has one of its own.
    """
    n = cells.seen.shape[0]
    outputs = _add_up(tf.reshape(added, [-1, POSITIONS]), *_sums(cells.seen, numbers), n * CELLS, cells.reached)
    outputs = tf.reshape(outputs, [n, CELLS, POSITIONS]) + weights.blank
    maps = _residual(weights.blocks, _largest(tf.split(outputs, 4, axis=-1)), n)
    flat = tf.reshape(maps, [n, CELLS * FILTERS])
    hidden = tf.nn.relu(flat @ weights.kernel_1 + weights.bias_1)
    return tf.nn.relu(hidden @ weights.kernel_2 + weights.bias_2)
