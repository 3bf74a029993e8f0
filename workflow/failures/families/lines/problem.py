"""Lines problem: parity of the number of images that show a rising line (section 3.1, Figure 2).

An image has 28 x 28 black or white pixels and shows one line. Its angle theta in [0, pi], its length and its centre are
random. The label is +1 if theta < pi/2, otherwise -1. A sample is a tuple of k images. Its label is the product of
their labels; the authors' scripts negate this product for even k.

Images are stored *packed*, as 29 int32: bit c of integer r is the pixel in row r and column c, and the last integer is
the label.

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
# Images drawn at once; this many fit into the processor's cache.
CHUNK = 8192


def draw_instances(stream: str, n_images: int, seeds: list[int]) -> pd.DataFrame:
    """Draw the index in the pool of the first training image of each replicate.

    Args:
        stream: Name of the problem's random stream.
        n_images: Number of images in the pool, which all replicates share.
        seeds: Seeds of the replicates.

    Returns:
        Columns trial, seed and start, one row per seed.
    """
    streams = Streams("lines", stream)
    starts = [int(streams.generator(seed, INSTANCE).integers(n_images)) for seed in seeds]
    return pd.DataFrame({"trial": [f"seed_{seed}" for seed in seeds], "seed": seeds, "start": starts})


def draw_images(n: int, conventions: str, rng: np.random.Generator) -> np.ndarray:
    """Draw random images.

    With `scripts`, centres are uniform on [0, 28]^2 and coordinates are truncated toward zero. With `text`, centres are
    uniform on [0, 27]^2 and coordinates are rounded. In both cases a line consists of the points at distances 0, 1,
    ..., floor(length / 2) - 1 on either side of the centre; the text does not specify their spacing. Points outside of
    the image are omitted.

    Args:
        n: Number of images.
        conventions: `scripts` or `text`.
        rng: Random generator.

    Returns:
        Packed images, int32 [n, 29].

    Reference:
        Section 3.1.
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
        # A cast truncates toward zero. With `text`, coordinates are already rounded.
        np.copyto(pixels, points, casting="unsafe")
        # As unsigned integers, negative coordinates are large.
        inside = (row.view(np.uint32) < SIZE) & (column.view(np.uint32) < SIZE) & (abs(distance) < reach)
        pixels *= inside
        row += first
        flat[row] |= np.left_shift(inside, column, dtype=np.int32)
    images[:, SIZE] = np.where(angles < np.pi / 2, 1, -1)
    return images


def unpack(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unpack images into pixels and labels.

    Args:
        images: Packed images, int32 [n, 29].

    Returns:
        Pixels 0 and 1, float32 [n, 28, 28, 1], and labels -1 and 1, float32 [n].
    """
    pixels = images[:, :SIZE, None] >> np.arange(SIZE, dtype=np.int32) & 1
    return pixels[..., None].astype(np.float32), images[:, SIZE].astype(np.float32)


def tuple_labels(labels: np.ndarray, conventions: str) -> np.ndarray:
    """Compute the labels of tuples from the labels of their images.

    Args:
        labels: Labels -1 and 1, [n, k].
        conventions: `scripts` negates the product for even k, `text` does not.

    Returns:
        Labels -1 and 1, [n].
    """
    return labels.prod(axis=1) * tuple_sign(labels.shape[1], conventions)


def tuple_sign(tuple_length: int, conventions: str) -> int:
    """Return the factor that turns the product of k labels into the tuple's label.

    Args:
        tuple_length: Images per tuple, k.
        conventions: `scripts` or `text`.

    Returns:
        -1 for even k with `scripts`, otherwise 1.
    """
    return -1 if conventions == "scripts" and tuple_length % 2 == 0 else 1


def draw_pool(n_images: int, conventions: str) -> np.ndarray:
    """Draw the pool of training images, which all runs and replicates share.

    Args:
        n_images: Number of images.
        conventions: `scripts` or `text`, as in `draw_images`.

    Returns:
        Packed images, int32 [n_images, 29].
    """
    return draw_images(n_images, conventions, generator("lines", "pool"))


def is_aligned(images: np.ndarray) -> np.ndarray:
    """Return whether all pixels of an image lie in one row or in one column.

    Args:
        images: Packed images, int32 [n, 29].

    Returns:
        Booleans, [n].
    """
    rows = images[:, :SIZE]
    columns = np.bitwise_or.reduce(rows, axis=1)
    return (np.count_nonzero(rows, axis=1) == 1) | (columns & (columns - 1) == 0)


def ceiling(error: float, tuple_length: int) -> float:
    """Compute the highest expected accuracy on tuples.

    Each image has a random label with probability 2 error, and a determined label otherwise.

    Args:
        error: Lowest possible error rate on single images, in [0, 1/2].
        tuple_length: Images per tuple, k.

    Returns:
        Accuracy in [1/2, 1].
    """
    return (1 + (1 - 2 * error) ** tuple_length) / 2
