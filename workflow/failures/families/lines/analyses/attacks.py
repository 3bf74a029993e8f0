"""What changes a classifier's mind: flipped pixels, small changes in L2, and images that are made from noise.

A classifier is known by its score, whose sign is the label; NumPy only. A label y in {-1, +1} is lost where y times the
score, the margin, is not above 0. Images are packed, int32 [n, 29] (`failures.families.lines.problem`), where pixels are
flipped, and otherwise vectors of grey levels in [0, 1], [n, pixels].
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from failures.families.lines.problem import SIZE, is_aligned

PIXELS = SIZE**2
# Scores of packed images, or of grey ones: [n, ...] -> [n].
Score = Callable[[np.ndarray], np.ndarray]
# Scores of grey images, [n], and their gradients, [n, pixels].
Gradient = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
# Images whose scores are asked for at once.
AT_ONCE = 50_000
# How far to go beyond a plane on which a linear classifier would give in, relative to the way there: first a little.
BEYOND = (1.0, 1.02, 1.1, 1.3, 1.7, 2.5, 4.0)
# Halvings that find the boundary on a line, to 1e-4 of its length, and the multiplier of a projection.
ON_A_LINE, OF_A_MULTIPLIER = 14, 60


def flipped(images: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Packed images with these pixels flipped. images: [n, 29]; pixels: numbers 28 row + column, [n, flips]."""
    changed, every = images.copy(), np.arange(len(images))
    for pixel in pixels.T:
        changed[every, pixel // SIZE] ^= np.left_shift(1, pixel % SIZE, dtype=np.int32)
    return changed


def single_flips(score: Score, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Margins of all images that differ from these in one pixel: [n, 784]."""
    margins = np.empty((len(images), PIXELS))
    whole = max(1, AT_ONCE // PIXELS)
    for start in range(0, len(images), whole):
        part = images[start : start + whole]
        every = np.tile(np.arange(PIXELS), len(part))[:, None]
        found = score(flipped(np.repeat(part, PIXELS, axis=0), every))
        margins[start : start + whole] = found.reshape(len(part), PIXELS) * labels[start : start + whole, None]
    return margins


def greedy_flips(score: Score, images: np.ndarray, labels: np.ndarray, largest: int) -> tuple[np.ndarray, ...]:
    """Flip the pixel that lowers the margin most, again and again, until the label is lost.

    Returns pixels, [n, largest], those that were flipped and then -1; how many were, [n], 0 where `largest` were
    not enough; and how many single pixels would do, [n]. All single pixels are tried, so that one flip is the least
    where it suffices; more are an upper bound.
    """
    pixels, flips = np.full((len(images), largest), -1), np.zeros(len(images), int)
    current, left, single = images.copy(), np.arange(len(images)), np.zeros(len(images), int)
    for number in range(largest):
        margins = single_flips(score, current[left], labels[left])
        if not number:
            single = (margins <= 0).sum(axis=1)
        np.put_along_axis(margins, pixels[left, :number], np.inf, axis=1)
        best = margins.argmin(axis=1)
        pixels[left, number] = best
        current[left] = flipped(current[left], best[:, None])
        lost = margins.min(axis=1) <= 0
        flips[left[lost]] = number + 1
        left = left[~lost]
        if not len(left):
            break
    return pixels, flips, single


def pair_that_flips(score: Score, image: np.ndarray, label: float) -> np.ndarray | None:
    """The pair of pixels that lowers the margin most, if the label is lost by it: all pairs are tried."""
    pairs = np.array(list(combinations(range(PIXELS), 2)))
    best, least = None, np.inf
    for start in range(0, len(pairs), AT_ONCE):
        part = pairs[start : start + AT_ONCE]
        margins = label * score(flipped(np.repeat(image[None], len(part), axis=0), part))
        if margins.min() < least:
            best, least = part[margins.argmin()], margins.min()
    return best if least <= 0 else None


def project(images: np.ndarray, normals: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The points of [0, 1]^d nearest to images, [n, d], in the planes normal . x = level; where a plane misses the box,
    a corner nearest to it.

    Such a point is the image less a multiple of the normal, cut to the box; the multiplier is found by halving.
    """
    scale = 1 / np.maximum(np.abs(normals).max(axis=1), 1e-30)
    low, high = -scale * 2.0**20, scale * 2.0**20

    def at(multiplier: np.ndarray) -> np.ndarray:
        return np.clip(images - multiplier[:, None] * normals, 0, 1)

    for _ in range(OF_A_MULTIPLIER):
        middle = (low + high) / 2
        above = np.einsum("nd,nd->n", normals, at(middle)) > levels
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return at(high)


def to_boundary(score: Score, images: np.ndarray, labels: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Points between images and others that have lost the label, next to where it is lost: [n, d]; they have lost it.

    There may be several such places on a line; one of them is found.
    """
    low, high = np.zeros(len(images)), np.ones(len(images))
    for _ in range(ON_A_LINE):
        middle = (low + high) / 2
        gone = labels * score(images + middle[:, None] * (lost - images)) <= 0
        low, high = np.where(gone, low, middle), np.where(gone, middle, high)
    return images + high[:, None] * (lost - images)


def smallest_change(
    score: Score, gradient: Gradient, images: np.ndarray, labels: np.ndarray, starts: list[np.ndarray], n: int
) -> np.ndarray:
    """Images in the box, near these in L2, that have lost the label: [m, d]; NaN where none was found.

    From each start, n times: the point of the box nearest to the image where the score, made linear at the current
    point, is zero (`project`); if the label is not lost there, somewhat further on the same line; then back along it to
    the boundary, the next current point. The nearest of all is returned, an upper bound of the smallest change. (With
    the image as start, the first iteration is that of DeepFool, Moosavi-Dezfooli et al., 2016; projections into the
    box as in FAB, Croce and Hein, 2020.)
    """
    best, distance = np.full(images.shape, np.nan), np.full(len(images), np.inf)

    def keep(found: np.ndarray, gone: np.ndarray) -> None:
        length = np.where(gone, np.linalg.norm(found - images, axis=1), np.inf)
        better = length < distance
        best[better], distance[better] = found[better], length[better]

    for start in starts:
        current = start.copy()
        gone = labels * score(current) <= 0
        found = to_boundary(score, images, labels, current)
        keep(found, gone)
        current[gone] = found[gone]
        for _ in range(n):
            scores, normals = gradient(current)
            planes = project(images, normals, np.einsum("nd,nd->n", normals, current) - scores)
            reached, gone = _further(score, images, labels, planes)
            found = to_boundary(score, images, labels, reached)
            keep(found, gone)
            current = np.where(gone[:, None], found, planes)
    return best


def _further(
    score: Score, images: np.ndarray, labels: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The first points at or beyond targets, seen from images, that have lost the label, and whether any has."""
    reached, gone = targets.copy(), np.zeros(len(images), bool)
    for factor in BEYOND:
        if gone.all():
            break
        points = np.clip(images + factor * (targets - images), 0, 1)
        lost = ~gone & (labels * score(points) <= 0)
        reached[lost], gone = points[lost], gone | lost
    return reached, gone


def ascend(gradient: Gradient, images: np.ndarray, labels: np.ndarray, n: int, length: float) -> np.ndarray:
    """Images after n steps of this length (L2) along the gradient of their margin, each cut to the box: [m, d]."""
    current = images.copy()
    for _ in range(n):
        _, slopes = gradient(current)
        norms = np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-30)
        current = np.clip(current + length * labels[:, None] * slopes / norms, 0, 1)
    return current


def nearest(images: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances of packed images to those of a pool that have another label, lines along an axis left out.

    Returns numbers in the pool of the nearest, and the least and the median number of pixels that differ, [n] each. The
    L2 distances are their square roots.
    """
    words, number, least = _words(images), np.zeros(len(images), int), np.full(len(images), PIXELS + 1)
    counts = np.zeros((len(images), PIXELS + 1), int)
    for start in range(0, len(pool), AT_ONCE):
        part = pool[start : start + AT_ONCE]
        usable = ~is_aligned(part)
        for label in (-1, 1):
            others = np.flatnonzero(usable & (part[:, SIZE] == -label))
            there = _words(part[others])
            for image in np.flatnonzero((images[:, SIZE] == label) & bool(len(others))):
                different = np.bitwise_count(there ^ words[image]).sum(axis=1, dtype=np.int64)
                counts[image] += np.bincount(different, minlength=PIXELS + 1)
                if different.min() < least[image]:
                    least[image], number[image] = different.min(), start + others[different.argmin()]
    half = (counts.sum(axis=1, keepdims=True) + 1) // 2
    return number, least, (counts.cumsum(axis=1) < half).sum(axis=1)


def _words(images: np.ndarray) -> np.ndarray:
    """The pixels of packed images, two rows to a number: uint64 [n, 14]."""
    rows = images[:, :SIZE].astype(np.uint64)
    return rows[:, ::2] << np.uint64(SIZE) | rows[:, 1::2]
