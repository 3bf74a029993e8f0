"""The problem: is the number of images with a rising line even or odd? (section 3.1, Figure 2)

An image has 28 x 28 black or white pixels and shows one line of random angle theta in [0, pi], length and centre; its
label is +1 where theta < pi/2, else -1. A sample is a tuple of k images, and its label the product of theirs (the
scripts have the opposite sign for even k).

Images are kept packed, as 29 int32: bit c of number r is the pixel in row r and column c, the last is the label.

Columns of instances/lines/PROBLEM/seeds_BLOCK.csv:
    trial, seed, rate_factor
    start: index in the pool of the first image of the first training tuple
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.engine.seeding import INSTANCE, Streams, generator

SIZE = 28
COLUMNS = SIZE + 1
LENGTHS = (5, 23)
# Images that are drawn at once: few enough to stay in the processor's cache.
CHUNK = 8192


def draw_instances(stream: str, n_images: int, seeds: list[int]) -> pd.DataFrame:
    """Where in the pool each replicate's training tuples begin.

    name: the problem's name. n_images: images in the pool, which replicates share. conventions: means nothing here.
    Returns columns trial, seed and start (number of the first image).
    """
    streams = Streams("lines", stream)
    starts = [int(streams.generator(seed, INSTANCE).integers(n_images)) for seed in seeds]
    return pd.DataFrame({"trial": [f"seed_{seed}" for seed in seeds], "seed": seeds, "start": starts})


def draw_images(n: int, conventions: str, rng: np.random.Generator) -> np.ndarray:
    """n packed images, int32 [n, 29].

    conventions: ``"scripts"``, centre in [0, 28]^2 and coordinates truncated toward zero; ``"text"``, centre in [0, 27]^2 and
    coordinates rounded. In both, a line is its points at distances 0, 1, ..., floor(length / 2) - 1 to either side of
    the centre (the text does not say how dense they are), and points outside of the image are left out.
    """
    images = np.empty((n, COLUMNS), np.int32)
    for start in range(0, n, CHUNK):
        images[start : start + CHUNK] = _draw(min(CHUNK, n - start), conventions, rng)
    return images


def _draw(n: int, conventions: str, rng: np.random.Generator) -> np.ndarray:
    angles = rng.random(n) * np.pi
    reach = (LENGTHS[0] + rng.random(n) * (LENGTHS[1] - LENGTHS[0])).astype(np.int32) // 2
    centres = rng.random((2, n)) * (SIZE if conventions == "scripts" else SIZE - 1)
    direction = np.stack([np.cos(angles), np.sin(angles)])
    images = np.zeros((n, COLUMNS), np.int32)
    flat, first = images.reshape(-1), np.arange(n, dtype=np.int32) * COLUMNS
    points, pixels = np.empty((2, n)), np.empty((2, n), np.int32)
    row, column = pixels
    for distance in range(1 - reach.max(), reach.max()):
        np.multiply(direction, distance, out=points)
        points += centres
        if conventions == "text":
            np.rint(points, out=points)
        # A cast truncates toward zero; points of the text that round to a pixel are at least -1/2.
        np.copyto(pixels, points, casting="unsafe")
        # Negative numbers are large ones without sign.
        inside = (row.view(np.uint32) < SIZE) & (column.view(np.uint32) < SIZE) & (abs(distance) < reach)
        pixels *= inside
        row += first
        flat[row] |= np.left_shift(inside, column, dtype=np.int32)
    images[:, SIZE] = np.where(angles < np.pi / 2, 1, -1)
    return images


def unpack(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels, float32 [n, 28, 28, 1] of 0 and 1, and labels, float32 [n] of -1 and 1, of packed images [n, 29]."""
    pixels = images[:, :SIZE, None] >> np.arange(SIZE, dtype=np.int32) & 1
    return pixels[..., None].astype(np.float32), images[:, SIZE].astype(np.float32)


def tuple_labels(labels: np.ndarray, conventions: str) -> np.ndarray:
    """Labels of tuples from those of their images, [n, k] -> [n]: the product; opposite for even k in the scripts."""
    return labels.prod(axis=1) * tuple_sign(labels.shape[1], conventions)


def tuple_sign(tuple_length: int, conventions: str) -> int:
    """What the product of the labels of k images is multiplied by: -1 for even k in the scripts."""
    return -1 if conventions == "scripts" and tuple_length % 2 == 0 else 1


def draw_pool(n_images: int, conventions: str) -> np.ndarray:
    """The pool of training images, which all runs and replicates share: int32 [n_images, 29]."""
    return draw_images(n_images, conventions, generator("lines", "pool"))


def is_aligned(images: np.ndarray) -> np.ndarray:
    """Whether all pixels of a packed image lie in one row or one column, bool [n]."""
    rows = images[:, :SIZE]
    columns = np.bitwise_or.reduce(rows, axis=1)
    return (np.count_nonzero(rows, axis=1) == 1) | (columns & (columns - 1) == 0)


def ceiling(error: float, tuple_length: int) -> float:
    """Largest expected accuracy for tuples of k images, whose labels are each a coin flip with probability 2 error."""
    return (1 + (1 - 2 * error) ** tuple_length) / 2
