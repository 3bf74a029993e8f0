"""Active and reached cells of images (see `failures.families.lines.sparse_n1`)."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from failures.families.lines.networks import SIDE
from failures.families.lines.problem import SIZE

CELLS = SIDE**2
# Cells that a cell contributes to, and pixels of its patch.
REACH, PIXELS = 9, 64


def _reached() -> np.ndarray:
    """Return the indices of the cells around each cell, [49, 9]; an out-of-range index outside of the image."""
    row, column, down, right = np.indices((SIDE, SIDE, 3, 3))
    row, column = row + down - 1, column + right - 1
    inside = (row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE)
    return np.where(inside, SIDE * row + column, 2**30).reshape(CELLS, REACH).astype(np.int32)


def _around() -> tuple[np.ndarray, np.ndarray]:
    """Return the differences of cell indices to the 3 x 3 cells around a cell, and their bit masks, [9].

    The masked integer has nine bits for each of three rows (see `reached_cells`).
    """
    row, column = np.indices((3, 3)).reshape(2, REACH)
    return (SIDE * (row - 1) + column - 1).astype(np.int32), (1 << ((SIDE + 2) * row + column)).astype(np.int32)


REACHED, (STEPS, MASKS) = _reached(), _around()


class Active(NamedTuple):
    """Active cells of n images.

    Attributes:
        seen: Whether a cell is active, bool [n, 7, 7].
        rows: Rows of the patch of each active cell, eight bits per row, int32 [cells, 8].
        index: Index of each active cell in [0, 49 n), ascending, int32 [cells].
    """

    seen: tf.Tensor
    rows: tf.Tensor
    index: tf.Tensor


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
    cell = _true(seen)
    first_row = 4 * (cell // SIDE + cell // CELLS)
    lines = tf.gather(tf.reshape(rows, [-1]), first_row[:, None] + np.arange(8, dtype=np.int32))
    return Active(seen, _eight_bits(lines, 4 * (cell % SIDE)[:, None]), cell)


def _eight_bits(lines: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
    """Return eight bits of each integer, starting at bit `first`."""
    return tf.bitwise.bitwise_and(tf.bitwise.right_shift(lines, first), 255)


def _true(condition: tf.Tensor) -> tf.Tensor:
    """Return the flat indices of true elements, int32."""
    return tf.cast(tf.where(tf.reshape(condition, [-1]))[:, 0], tf.int32)


class Reached(NamedTuple):
    """Reached cells of n images, sorted by place: first those at the first place of an image, then those at the second.

    Attributes:
        cell: Index of each reached cell in [0, 49 n), int32 [reached].
        place: Index of its place in an image, in [0, 49), ascending, int32 [reached].
        around: Integer whose bits in `MASKS` are the active cells around it, int32 [reached].
        row: Row of each cell in the list of reached cells, one further row, and the cells of a blank image: int32 [49
            n].
    """

    cell: tf.Tensor
    place: tf.Tensor
    around: tf.Tensor
    row: tf.Tensor


def reached_cells(seen: tf.Tensor) -> Reached:
    """Find the reached cells.

    Args:
        seen: `Active.seen`.
    """
    n = seen.shape[0]
    # One integer per row of cells, whose bit c + 1 is column c; one integer for this row and the rows above and below.
    bits = tf.reduce_sum(tf.bitwise.left_shift(tf.cast(seen, tf.int32), tf.range(1, SIDE + 1)), axis=2)
    bits = tf.pad(bits, [[0, 0], [1, 1]])
    three = bits[:, :-2] + 2 ** (SIDE + 2) * bits[:, 1:-1] + 4 ** (SIDE + 2) * bits[:, 2:]
    around = tf.bitwise.bitwise_and(tf.bitwise.right_shift(three[..., None], tf.range(SIDE)), MASKS.sum(dtype=np.int32))
    is_reached = tf.reshape(around > 0, [n, CELLS])
    by_place = tf.transpose(is_reached)
    found = _true(by_place)
    place = found // n
    cell = CELLS * (found % n) + place
    row = tf.cumsum(tf.reshape(tf.cast(by_place, tf.int32), [-1]), exclusive=True)
    row = tf.transpose(tf.reshape(row, [CELLS, n]))
    row = tf.where(is_reached, row, tf.shape(found)[0] + 1 + tf.range(CELLS))
    return Reached(cell, place, tf.gather(tf.reshape(around, [-1]), cell), tf.reshape(row, [-1]))


def links(cells: Active, reached: Reached, patch_indices: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Link the contributions of patches to the reached cells.

    Args:
        cells: Active cells of n images.
        reached: Reached cells of these images.
        patch_indices: Index of the patch of each active cell, whose nine contributions are consecutive rows.

    Returns:
        Row indices and ascending segment ids of the contributions to each reached cell, int32 [contributions]; and the
        row of the reached cell that receives each of the nine contributions of an active cell, int32 [cells, 9]. If
        this cell is outside of the image, the row is the one after all reached cells.
    """
    n = reached.row.shape[0]
    pairs = tf.cast(tf.where(tf.bitwise.bitwise_and(reached.around[:, None], MASKS) > 0), tf.int32)
    to, step = tf.unstack(pairs, axis=1)
    first = tf.scatter_nd(cells.index[:, None], REACH * patch_indices, [n])
    # The cell above and to the left contributes its last of nine rows.
    rows = tf.gather(first, tf.gather(reached.cell, to) + tf.gather(STEPS, step)) + REACH - 1 - step
    place = cells.index % CELLS
    receivers = tf.gather(REACHED, place) + (cells.index - place)[:, None]
    after = tf.concat([reached.row, tf.shape(reached.cell)], 0)
    return rows, to, tf.gather(after, tf.minimum(receivers, n))
