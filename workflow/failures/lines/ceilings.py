"""The accuracy that no learner can pass, because some labels are coin flips."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from failures.lines.problem import ceiling, is_aligned

# Images that are looked at at once.
CHUNK = 100_000


def ceilings(pool: str | Path, tuple_lengths: Iterable[int]) -> dict[int, float]:
    """The ceiling of every tuple length. pool: file of packed images, int32 [n, 29].

    A line along an axis has either label; all other images have just one. (Such a line tells a little more where it
    ends outside of the image: with the scripts' images, one that is known to the pixel is guessed right in 51.6 %.)
    """
    images = np.load(pool, mmap_mode="r")
    parts = (images[start : start + CHUNK] for start in range(0, len(images), CHUNK))
    error = sum(np.count_nonzero(is_aligned(part)) for part in parts) / len(images) / 2
    return {length: ceiling(error, length) for length in sorted(set(tuple_lengths))}
