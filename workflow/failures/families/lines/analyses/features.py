"""Inputs of N1's last layer for many images of a pool (section 3.1).

Each part of N1 is computed once per distinct input (`failures.families.lines.analyses.neighbourhoods`):

    the first stage and the products of the second convolution, once per patch
    the sums and maxima of the second stage, once per neighbourhood
    the residual blocks and the first dense layer, once per distinct image
    the second dense layer, once per image
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from failures.families.lines.analyses.neighbourhoods import distinct_images, neighbourhoods
from failures.families.lines.cells import CELLS, REACH
from failures.families.lines.networks import FILTERS, SIDE
from failures.families.lines.objective import in_parts
from failures.families.lines.problem import SIZE
from failures.families.lines.sparse_n1 import POSITIONS, Matrices, matrices, spread

# Images or neighbourhoods per compiled call, and per part of it, whose intermediate results fit into the processor's
# cache.
BLOCK, PART = 4_800, 480
# Distinct images that share a table of neighbourhoods. Groups save memory. Lines of similar slopes share most of their
# neighbourhoods, so that groups of such lines have few more of them in all.
GROUP = 100_000


class Images(NamedTuple):
    """Images of a pool that a job reads.

    Attributes:
        distinct: Packed images without repetition, whatever their labels, sorted by slope, int32 [m, 29].
        indices: Index in `distinct` of each image of the pool that the job reads, int32 [n].
        labels: Labels -1 and 1 of these images, int8 [n].
    """

    distinct: np.ndarray
    indices: np.ndarray
    labels: np.ndarray


def select_images(pool: np.ndarray, orders: Iterable[np.ndarray]) -> Images:
    """Select the images that a job reads.

    Args:
        pool: Packed images, int32 [n, 29].
        orders: Arrays of indices in the pool.
    """
    used = np.zeros(len(pool), bool)
    for order in orders:
        used[order] = True
    used = np.flatnonzero(used)
    numbers, first = distinct_images(pool, used)
    ranked = np.argsort(_slopes(pool[first]), kind="stable")
    ranks = np.empty_like(ranked)
    ranks[ranked] = np.arange(len(ranked))
    indices, labels = np.zeros(len(pool), np.int32), np.zeros(len(pool), np.int8)
    indices[used], labels[used] = ranks[numbers], pool[used, SIZE]
    return Images(pool[first[ranked]], indices, labels)


def _slopes(images: np.ndarray) -> np.ndarray:
    """Estimate the slopes of the lines in packed images: height over width, with the sign of the label."""
    rows = images[:, :SIZE]
    heights, columns = np.count_nonzero(rows, axis=1), np.bitwise_or.reduce(rows, axis=1)
    return images[:, SIZE] * heights / np.maximum(np.bitwise_count(columns), 1)


class Features:
    """Inputs of N1's last layer for images of a pool. The distinct inputs of its parts are found once for all weights.

    Args:
        images: Images that `blocks` reads.
    """

    def __init__(self, images: Images):
        self.images, self.labels = images.indices, images.labels
        n = self.n_distinct = len(images.distinct)
        self.groups = [neighbourhoods(images.distinct[start : start + GROUP]) for start in range(0, n, GROUP)]
        # Numbers of patches and neighbourhoods differ between groups and networks; each would compile again.
        self._maps, self._first_layer = (
            tf.function(function, autograph=False, reduce_retracing=True) for function in (_maps, _first_layer)
        )

    def blocks(self, n1: keras.Model, order: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield features and labels of images, block by block.

        Args:
            n1: Model of `failures.families.lines.networks.n1`.
            order: Indices in the pool of the images.
            size: Images per block.

        Yields:
            Features, float32 [m, 100], and labels -1 and 1, int8 [m].
        """
        weights = matrices(n1)
        kernel, bias = weights.kernel_2.numpy(), weights.bias_2.numpy()
        images = self.images[order]
        needed = np.zeros(self.n_distinct, bool)
        needed[images] = True
        hidden, rows = self._hidden(weights, needed), (np.cumsum(needed, dtype=np.int32) - 1)[images]
        for start in range(0, len(order), size):
            block = slice(start, start + size)
            features = hidden[rows[block]] @ kernel
            features += bias
            yield np.maximum(features, 0, out=features), self.labels[order[block]]

    def _hidden(self, weights: Matrices, needed: np.ndarray) -> np.ndarray:
        """Compute the outputs of the first dense layer for some of the distinct images, float32 [n, 50]."""
        hidden = np.empty((np.count_nonzero(needed), weights.bias_1.shape[0]), np.float32)
        done = 0
        for number, group in enumerate(self.groups):
            group = group.select(needed[number * GROUP : (number + 1) * GROUP])
            contributions = tf.reshape(spread(weights, tf.constant(group.patches)), [-1, POSITIONS])
            members = (group.members[start : start + BLOCK] for start in range(0, len(group.members), BLOCK))
            maps = tf.concat([*_padded(self._maps, members, weights, contributions)], 0)
            for outputs in _padded(self._first_layer, group.cells(BLOCK), weights, maps):
                hidden[done : done + len(outputs)] = outputs
                done += len(outputs)
        return hidden


def _padded(function: Callable[..., tf.Tensor], blocks: Iterable[np.ndarray], *args: Any) -> Iterator[tf.Tensor]:
    """Yield the outputs of a compiled function of blocks of inputs; zeros pad the last block to the compiled size."""
    for values in blocks:
        missing = BLOCK - len(values)
        filled = np.pad(values, [(0, missing)] + [(0, 0)] * (values.ndim - 1)) if missing else values
        yield function(*args, tf.constant(filled))[: len(values)]


def _maps(weights: Matrices, contributions: tf.Tensor, members: tf.Tensor) -> tf.Tensor:
    """Compute the outputs of the second pooling layer in a cell, per neighbourhood.

    Args:
        weights: Matrices of N1.
        contributions: Contributions of patches to the nine cells around them, [patches * 9, 64].
        members: As in `Neighbourhoods`, [m, 10].

    Returns:
        Maps, [m, 16].
    """
    # The cell above and to the left contributes its last of nine rows.
    last = tf.range(REACH - 1, -1, -1)
    segments = tf.repeat(tf.range(PART), REACH)

    def part(members: tf.Tensor) -> tf.Tensor:
        members = tf.cast(members, tf.int32)
        rows = tf.reshape(REACH * members[:, :REACH] + last, [-1])
        outputs = tf.sparse.segment_sum(contributions, rows, segments, num_segments=PART)
        outputs += tf.gather(weights.blank, members[:, REACH])
        return tf.reduce_max(tf.reshape(outputs, [PART, 4, FILTERS]), axis=1)

    return tf.reshape(in_parts(part, tf.reshape(members, [-1, PART, REACH + 1]), tf.float32), [-1, FILTERS])


def _first_layer(weights: Matrices, maps: tf.Tensor, cells: tf.Tensor) -> tf.Tensor:
    """Compute the outputs of the residual blocks and the first dense layer.

    Args:
        weights: Matrices of N1.
        maps: Outputs of the second pooling layer per neighbourhood, [neighbourhoods, 16].
        cells: Index of the neighbourhood of each cell, int32 [m, 7, 7].

    Returns:
        Outputs, [m, 50].
    """

    def part(cells: tf.Tensor) -> tf.Tensor:
        inputs = tf.gather(maps, cells)
        for kernel, bias in weights.blocks:
            inputs += tf.nn.relu(tf.nn.conv2d(inputs, kernel, 1, "SAME") + bias)
        return tf.nn.relu(tf.reshape(inputs, [PART, CELLS * FILTERS]) @ weights.kernel_1 + weights.bias_1)

    outputs = in_parts(part, tf.reshape(cells, [-1, PART, SIDE, SIDE]), tf.float32)
    return tf.reshape(outputs, [-1, outputs.shape[-1]])
