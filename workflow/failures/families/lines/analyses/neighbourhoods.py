"""Distinct images, patches and neighbourhoods of a set of images.

The *neighbourhood* of a cell is the 3 x 3 cells around it (`failures.families.lines.sparse_n1`). Up to its second
pooling layer, N1 computes a cell from the patches of its neighbourhood: 16 x 16 pixels. Lines have few distinct
neighbourhoods. The 56 million cells of the 1.1 million distinct images in a pool of two million have 34,000 distinct
patches and 2.7 million distinct neighbourhoods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf

from failures.families.lines.cells import CELLS, PIXELS, REACH, active
from failures.families.lines.networks import SIDE
from failures.families.lines.problem import SIZE

# Images processed at once.
BLOCK = 8_000
# Kinds of rows and columns of cells: the first, the inner ones and the last. Only from the first and the last does the
# second convolution reach beyond the image.
KINDS = np.array([0] + [1] * (SIDE - 2) + [2])
# One row or column per kind; index of the kind of each cell, and a cell of each kind.
EXAMPLES = np.array([0, 1, SIDE - 1])
CELL_KINDS = EXAMPLES.size * KINDS[:, None] + KINDS
KIND_CELLS = (SIDE * EXAMPLES[:, None] + EXAMPLES).reshape(-1)
N_KINDS = KIND_CELLS.size

_active = tf.function(active, autograph=False)


class Neighbourhoods(NamedTuple):
    """Distinct neighbourhoods of the cells of n images.

    Attributes:
        patches: Distinct patches, eight bits per row, int32 [patches, 8]. The first is blank.
        members: Per neighbourhood, the indices of its nine patches in reading order, and a cell in [0, 49) from which
            the second convolution reaches beyond the image on the same sides, unsigned [neighbourhoods, 10]. The first
            nine are blank, one per kind of cell.
        reached: Whether each cell of an image is reached, packed into bits, uint8 [n, 7].
        indices: Index of the neighbourhood of each reached cell, int32 [reached].
    """

    patches: np.ndarray
    members: np.ndarray
    reached: np.ndarray
    indices: np.ndarray

    def select(self, chosen: np.ndarray) -> Neighbourhoods:
        """Return the neighbourhoods of some of the images; all patches remain.

        Args:
            chosen: Whether each image is one of them, bool [n].
        """
        reached = _unpack(self.reached)
        indices = self.indices[np.repeat(chosen, np.count_nonzero(reached, axis=1))]
        used = np.zeros(len(self.members), bool)
        used[:N_KINDS] = used[indices] = True
        indices = (np.cumsum(used, dtype=np.int32) - 1)[indices]
        return Neighbourhoods(self.patches, self.members[used], self.reached[chosen], indices)

    def cells(self, size: int) -> Iterator[np.ndarray]:
        """Yield the index of the neighbourhood of each cell of an image, int32 [m, 7, 7], block by block.

        Args:
            size: Images per block.
        """
        done = 0
        for start in range(0, len(self.reached), size):
            reached = _unpack(self.reached[start : start + size])
            cells = np.tile(CELL_KINDS.astype(np.int32).reshape(-1), (len(reached), 1))
            n = np.count_nonzero(reached)
            cells[reached] = self.indices[done : done + n]
            done += n
            yield cells.reshape(-1, SIDE, SIDE)


def _unpack(reached: np.ndarray) -> np.ndarray:
    """Unpack bits of reached cells, [n, 7] -> bool [n, 49]."""
    return np.unpackbits(reached, axis=1, count=CELLS).view(bool)


def distinct_images(pool: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the distinct images among images of a pool, whatever their labels.

    Args:
        pool: Packed images, int32 [n, 29].
        chosen: Indices in the pool of the images, [m].

    Returns:
        Index of the distinct image of each chosen image, [m], and index in the pool of each distinct image.
    """
    factors = np.random.default_rng(0).integers(2**63, size=SIZE, dtype=np.uint64)
    hashes = [pool[chosen[block], :SIZE].astype(np.uint64) @ factors for block in _blocks(len(chosen))]
    indices = pd.factorize(np.concatenate(hashes))[0]
    first = chosen[np.unique(indices, return_index=True)[1]]
    # Images that differ from the first one with their hash count as distinct.
    differ = [
        (pool[chosen[block], :SIZE] != pool[first[indices[block]], :SIZE]).any(axis=1) for block in _blocks(len(chosen))
    ]
    others = np.flatnonzero(np.concatenate(differ))
    indices[others] = len(first) + np.arange(len(others))
    return indices, np.concatenate([first, chosen[others]])


def neighbourhoods(images: np.ndarray) -> Neighbourhoods:
    """Find the distinct neighbourhoods of the cells of images.

    Triples of patches from left to right are numbered first, then triples of these from top to bottom.

    Args:
        images: Packed images, int32 [n, 29].
    """
    cells = np.zeros((len(images), SIDE, SIDE), np.int32)
    packed = _number(cells, lambda block: _packed(images[block]))
    shape = [len(packed)] * 3
    triples = _number(cells, lambda block: np.ravel_multi_index(_triples(cells[block], 2), shape))
    triples = np.stack(np.unravel_index(triples, shape), axis=1)
    shape = [len(triples)] * 3 + [N_KINDS]

    def squares(block: slice) -> np.ndarray:
        parts = _triples(cells[block], 1)
        blank = (parts[0] | parts[1] | parts[2]) == 0
        return np.where(blank, 0, np.ravel_multi_index([*parts, np.broadcast_to(CELL_KINDS, blank.shape)], shape))

    *parts, kind = np.unravel_index(_number(cells, squares)[1:], shape)
    members = np.zeros((N_KINDS + len(kind), REACH + 1), np.min_scalar_type(max(len(packed), CELLS)))
    for row, part in enumerate(parts):
        members[N_KINDS:, 3 * row : 3 * row + 3] = triples[part]
    members[:, REACH] = KIND_CELLS[np.append(np.arange(N_KINDS), kind)]
    reached = (cells > 0).reshape(-1, CELLS)
    # Number 1 is the first neighbourhood after the blank ones.
    indices = cells.reshape(-1, CELLS)[reached] + (N_KINDS - 1)
    patches = (packed[:, None] >> np.arange(0, PIXELS, 8) & 255).astype(np.int32)
    return Neighbourhoods(patches, members, np.packbits(reached, axis=1), indices.astype(np.int32, copy=False))


def _packed(images: np.ndarray) -> np.ndarray:
    """Pack the patch of each cell of up to `BLOCK` images into one integer, int64 [n, 7, 7]; 0 if it is blank."""
    # Blank images, because each number of images would compile again.
    filled = np.pad(images, ((0, BLOCK - len(images)), (0, 0)))
    seen, rows, _ = _active(tf.constant(filled))
    patches = np.zeros(seen.shape, np.int64)
    patches[seen.numpy()] = rows.numpy().astype(np.int64) @ (1 << np.arange(0, PIXELS, 8))
    return patches[: len(images)]


def _triples(cells: np.ndarray, axis: int) -> list[np.ndarray]:
    """Return the cells before, at and after each cell of images [n, 7, 7] along an axis; 0 outside of the image."""
    padded = np.pad(cells, [(1, 1) if dimension == axis else (0, 0) for dimension in range(3)])
    return [padded.take(np.arange(SIDE) + shift, axis) for shift in range(3)]


def _blocks(n: int) -> list[slice]:
    return [slice(start, start + BLOCK) for start in range(0, n, BLOCK)]


def _number(cells: np.ndarray, keys: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Overwrite the cells of images by numbers of distinct keys, from 1; the key 0 gets the number 0.

    Args:
        cells: int32 [n, 7, 7].
        keys: Function of a slice of the images that returns keys, int64 [m, 7, 7]. It may read these images' cells.

    Returns:
        Key of each number.
    """
    found, total = [np.zeros(1, np.int64)], 1
    for block in _blocks(len(cells)):
        values = keys(block)
        mask = values != 0
        indices, distinct = pd.factorize(values[mask])
        cells[block] = 0
        cells[block][mask] = total + indices
        found.append(distinct)
        total += len(distinct)
    # A key may have several numbers so far, one per block.
    indices, distinct = pd.factorize(np.concatenate(found))
    for block in _blocks(len(cells)):
        cells[block] = indices[cells[block]]
    return distinct
