"""Highest accuracy that any learner can reach on lines, as some labels are random (section 3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from failures.families.lines.problem import ceiling, is_aligned

# Images read at once.
CHUNK = 100_000


def ceilings(pool: str | Path, tuple_lengths: Iterable[int]) -> dict[int, float]:
    """Compute the ceiling of every tuple length.

    A horizontal or vertical line has either label with equal probability; all other images determine their label. A
    line that leaves the image carries slightly more information: with the images of the scripts, its label can be
    guessed with probability 0.516 from its exact pixels. The ceiling neglects this.

    Args:
        pool: File of packed images, int32 [n, 29].
        tuple_lengths: Values of k.

    Returns:
        Accuracy in [1/2, 1] by tuple length.
    """
    aligned = n_images = 0
    # Read in chunks: the pages of a memory map would count as memory of the job.
    with open(pool, "rb") as file:
        np.lib.format.read_magic(file)
        (_, width), _, dtype = np.lib.format.read_array_header_1_0(file)
        while (part := np.fromfile(file, dtype, CHUNK * width)).size:
            aligned += np.count_nonzero(is_aligned(part.reshape(-1, width)))
            n_images += len(part) // width
    error = aligned / n_images / 2
    return {length: ceiling(error, length) for length in sorted(set(tuple_lengths))}
