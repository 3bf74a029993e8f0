"""The accuracy that no learner can pass, because some labels are coin flips."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from failures.families.lines.problem import ceiling, is_aligned

# Images that are looked at at once.
CHUNK = 100_000


def ceilings(pool: str | Path, tuple_lengths: Iterable[int]) -> dict[int, float]:
    """The ceiling of every tuple length. pool: file of packed images, int32 [n, 29].

    A line along an axis has either label; all other images have just one. (Such a line tells a little more where it
    ends outside of the image: with the scripts' images, one that is known to the pixel is guessed right in 51.6 %.)
    """
    aligned = n_images = 0
    # Read piece by piece: pages of a memory map would count as the job's memory, all of the file in the end.
    with open(pool, "rb") as file:
        np.lib.format.read_magic(file)
        (_, width), _, dtype = np.lib.format.read_array_header_1_0(file)
        while (part := np.fromfile(file, dtype, CHUNK * width)).size:
            aligned += np.count_nonzero(is_aligned(part.reshape(-1, width)))
            n_images += len(part) // width
    error = aligned / n_images / 2
    return {length: ceiling(error, length) for length in sorted(set(tuple_lengths))}
