"""Attacks on a classifier: flipped pixels, small changes in L2 norm, and images synthesised from noise.

A classifier is given by its score, whose sign is the predicted label. The *margin* is the label y in {-1, +1} times the
score; an image is misclassified if its margin is at most 0. Images are packed, int32 [n, 29]
(`failures.families.lines.problem`), if pixels are flipped. Otherwise they are vectors of grey levels in [0, 1],
[n, pixels].
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from failures.families.lines.problem import SIZE, is_aligned

PIXELS = SIZE**2
# Scores of packed or grey images: [n, ...] -> [n].
Score = Callable[[np.ndarray], np.ndarray]
# Scores of grey images, [n], and their gradients, [n, pixels].
Gradient = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
# Images per evaluation of the score.
BATCH = 50_000
# Distances to try, relative to the distance to the plane on which the linearised score is zero.
BEYOND = (1.0, 1.02, 1.1, 1.3, 1.7, 2.5, 4.0)
# Bisection steps for the boundary on a line (to 1e-4 of its length) and for the multiplier of a projection.
LINE_BISECTIONS, MULTIPLIER_BISECTIONS = 14, 60


def flipped(images: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Flip pixels of packed images.

    Args:
        images: Packed images, [n, 29].
        pixels: Pixels 28 row + column, [n, flips].

    Returns:
        Packed images, [n, 29].
    """
    changed, every = images.copy(), np.arange(len(images))
    for pixel in pixels.T:
        changed[every, pixel // SIZE] ^= np.left_shift(1, pixel % SIZE, dtype=np.int32)
    return changed


def single_flips(score: Score, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Compute the margins of all images that differ from the given ones in one pixel.

    Args:
        score: Scores of packed images.
        images: Packed images, [n, 29].
        labels: Labels -1 and 1, [n].

    Returns:
        Margins, [n, 784].
    """
    margins = np.empty((len(images), PIXELS))
    whole = max(1, BATCH // PIXELS)
    for start in range(0, len(images), whole):
        part = images[start : start + whole]
        every = np.tile(np.arange(PIXELS), len(part))[:, None]
        scores = score(flipped(np.repeat(part, PIXELS, axis=0), every))
        margins[start : start + whole] = scores.reshape(len(part), PIXELS) * labels[start : start + whole, None]
    return margins


def greedy_flips(score: Score, images: np.ndarray, labels: np.ndarray, largest: int) -> tuple[np.ndarray, ...]:
    """Flip the pixel that lowers the margin most, repeatedly, until the image is misclassified.

    The first step tries all single pixels, so a result of one flip is minimal. Larger results are upper bounds.

    Args:
        score: Scores of packed images.
        images: Packed images, [n, 29].
        labels: Labels -1 and 1, [n].
        largest: Largest number of flips.

    Returns:
        Flipped pixels in order, then -1, [n, largest]; the number of flips, [n], 0 if `largest` flips do not suffice;
        and the number of single pixels that suffice alone, [n].
    """
    pixels, flips = np.full((len(images), largest), -1), np.zeros(len(images), int)
    current, left, single = images.copy(), np.arange(len(images)), np.zeros(len(images), int)
    for flip in range(largest):
        margins = single_flips(score, current[left], labels[left])
        if flip == 0:
            single = (margins <= 0).sum(axis=1)
        np.put_along_axis(margins, pixels[left, :flip], np.inf, axis=1)
        best = margins.argmin(axis=1)
        pixels[left, flip] = best
        current[left] = flipped(current[left], best[:, None])
        fooled = margins.min(axis=1) <= 0
        flips[left[fooled]] = flip + 1
        left = left[~fooled]
        if not len(left):
            break
    return pixels, flips, single


def pair_that_flips(score: Score, image: np.ndarray, label: float) -> np.ndarray | None:
    """Return the pair of pixels that lowers the margin most; all pairs are tried.

    Args:
        score: Scores of packed images.
        image: Packed image, [29].
        label: Its label, -1 or 1.

    Returns:
        Two pixels, or None if no pair causes a misclassification.
    """
    pairs = np.array(list(combinations(range(PIXELS), 2)))
    best, least = None, np.inf
    for start in range(0, len(pairs), BATCH):
        part = pairs[start : start + BATCH]
        margins = label * score(flipped(np.repeat(image[None], len(part), axis=0), part))
        if margins.min() < least:
            best, least = part[margins.argmin()], margins.min()
    return best if least <= 0 else None


def project(images: np.ndarray, normals: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Project images onto planes within the box [0, 1]^d.

    The projection is the image minus a multiple of the normal, clipped to the box. Bisection finds the multiple.

    Args:
        images: Images, [n, d].
        normals: Normals of the planes, [n, d].
        levels: Values of normal . x on the planes, [n].

    Returns:
        Nearest points of the planes in the box, [n, d]; the nearest corner if a plane misses the box.
    """
    scale = 1 / np.maximum(np.abs(normals).max(axis=1), 1e-30)
    low, high = -scale * 2.0**20, scale * 2.0**20

    def at(multiplier: np.ndarray) -> np.ndarray:
        return np.clip(images - multiplier[:, None] * normals, 0, 1)

    for _ in range(MULTIPLIER_BISECTIONS):
        middle = (low + high) / 2
        above = np.einsum("nd,nd->n", normals, at(middle)) > levels
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return at(high)


def to_boundary(score: Score, images: np.ndarray, labels: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Find misclassified points next to the decision boundary, between images and misclassified images.

    A line may cross the boundary several times; bisection finds one of the crossings.

    Args:
        score: Scores of grey images.
        images: Images, [n, d].
        labels: Labels -1 and 1, [n].
        ends: Misclassified images, [n, d].

    Returns:
        Misclassified points, [n, d].
    """
    low, high = np.zeros(len(images)), np.ones(len(images))
    for _ in range(LINE_BISECTIONS):
        middle = (low + high) / 2
        fooled = labels * score(images + middle[:, None] * (ends - images)) <= 0
        low, high = np.where(fooled, low, middle), np.where(fooled, middle, high)
    return images + high[:, None] * (ends - images)


def smallest_change(
    score: Score, gradient: Gradient, images: np.ndarray, labels: np.ndarray, starts: list[np.ndarray], n: int
) -> np.ndarray:
    """Search for the misclassified images that are nearest to images in L2 norm.

    Each iteration linearises the score at the current point, and projects the image onto the plane in the box where the
    linearised score is zero. If this point is not misclassified, the search continues on the same line. Bisection along
    this line then gives a point at the decision boundary, which is the next current point. The distance to the best of
    these points is an upper bound on the smallest change.

    Args:
        score: Scores of grey images.
        gradient: Scores of grey images and their gradients.
        images: Images, [m, d].
        labels: Labels -1 and 1, [m].
        starts: Starting points of the search, each [m, d].
        n: Iterations per starting point.

    Returns:
        Misclassified images, [m, d]; NaN if none is found.

    Reference:
        DeepFool (Moosavi-Dezfooli et al., 2016), which is the first iteration if the image is the starting point;
        projections into the box as in FAB (Croce and Hein, 2020).
    """
    best, distance = np.full(images.shape, np.nan), np.full(len(images), np.inf)

    def keep(points: np.ndarray, fooled: np.ndarray) -> None:
        length = np.where(fooled, np.linalg.norm(points - images, axis=1), np.inf)
        better = length < distance
        best[better], distance[better] = points[better], length[better]

    for start in starts:
        current = start.copy()
        fooled = labels * score(current) <= 0
        points = to_boundary(score, images, labels, current)
        keep(points, fooled)
        current[fooled] = points[fooled]
        for _ in range(n):
            scores, normals = gradient(current)
            planes = project(images, normals, np.einsum("nd,nd->n", normals, current) - scores)
            reached, fooled = _further(score, images, labels, planes)
            points = to_boundary(score, images, labels, reached)
            keep(points, fooled)
            current = np.where(fooled[:, None], points, planes)
    return best


def _further(
    score: Score, images: np.ndarray, labels: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first misclassified points at or beyond targets, seen from images, and whether there are any."""
    reached, fooled = targets.copy(), np.zeros(len(images), bool)
    for factor in BEYOND:
        if fooled.all():
            break
        points = np.clip(images + factor * (targets - images), 0, 1)
        new = ~fooled & (labels * score(points) <= 0)
        reached[new], fooled = points[new], fooled | new
    return reached, fooled


def ascend(gradient: Gradient, images: np.ndarray, labels: np.ndarray, n: int, length: float) -> np.ndarray:
    """Run gradient ascent on the margin, with steps of a fixed L2 length that are clipped to the box.

    Args:
        gradient: Scores of grey images and their gradients.
        images: Images, [m, d].
        labels: Labels -1 and 1, [m].
        n: Number of steps.
        length: Length of a step.

    Returns:
        Images, [m, d].
    """
    current = images.copy()
    for _ in range(n):
        _, slopes = gradient(current)
        norms = np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-30)
        current = np.clip(current + length * labels[:, None] * slopes / norms, 0, 1)
    return current


def nearest(images: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the Hamming distances of images to the images of a pool that have the other label.

    Aligned images of the pool are skipped. L2 distances are the square roots of Hamming distances.

    Args:
        images: Packed images, [n, 29].
        pool: Packed images, [m, 29].

    Returns:
        Index in the pool of the nearest image, smallest distance and median distance, each [n].
    """
    words, index, least = _words(images), np.zeros(len(images), int), np.full(len(images), PIXELS + 1)
    counts = np.zeros((len(images), PIXELS + 1), int)
    for start in range(0, len(pool), BATCH):
        part = pool[start : start + BATCH]
        usable = ~is_aligned(part)
        for label in (-1, 1):
            others = np.flatnonzero(usable & (part[:, SIZE] == -label))
            there = _words(part[others])
            for image in np.flatnonzero((images[:, SIZE] == label) & bool(len(others))):
                different = np.bitwise_count(there ^ words[image]).sum(axis=1, dtype=np.int64)
                counts[image] += np.bincount(different, minlength=PIXELS + 1)
                if different.min() < least[image]:
                    least[image], index[image] = different.min(), start + others[different.argmin()]
    half = (counts.sum(axis=1, keepdims=True) + 1) // 2
    return index, least, (counts.cumsum(axis=1) < half).sum(axis=1)


def _words(images: np.ndarray) -> np.ndarray:
    """Pack the pixels of two rows into one integer: uint64 [n, 14]."""
    rows = images[:, :SIZE].astype(np.uint64)
    return rows[:, ::2] << np.uint64(SIZE) | rows[:, 1::2]
