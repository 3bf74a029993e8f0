"""Images per second: the generator of lines, and the loop over images and points of the authors' scripts."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import cos, pi, sin
from typing import Any

import numpy as np

from failures.families.lines.problem import draw_images

# Images per call, so that a call takes about 0.1 s.
LOOP_IMAGES, GENERATOR_IMAGES = 1000, 200_000


def loop(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw n images, float64 [n, 28, 28], and labels [n], as in the authors' scripts (`variant: code`)."""
    images, labels = np.zeros((n, 28, 28)), np.zeros(n)
    for image in range(n):
        angle, length = rng.uniform(0, pi), rng.uniform(5, 23)
        row, column = rng.uniform(0, 28), rng.uniform(0, 28)
        for distance in range(int(length / 2)):
            for side in (-1, 1):
                # int() truncates toward zero, as in the authors' scripts.
                at_row = int(row + side * distance * cos(angle))
                at_column = int(column + side * distance * sin(angle))
                if 0 <= at_row < 28 and 0 <= at_column < 28:
                    images[image, at_row, at_column] = 1
        labels[image] = 1 if angle < pi / 2 else -1
    return images, labels


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Measure the loop and the generator in turn, the latter with the conventions of both variants.

    Args:
        rounds: Repetitions of each measurement.
        seconds: Minimum length of one measurement.

    Returns:
        rates: Images per second, one value per round, of `loop` and of the variants `code` and `paper`.
    """
    rng = np.random.default_rng(0)
    generators: dict[str, tuple[int, Callable[[], object]]] = {
        "loop": (LOOP_IMAGES, lambda: loop(LOOP_IMAGES, rng)),
        "code": (GENERATOR_IMAGES, lambda: draw_images(GENERATOR_IMAGES, "scripts", rng)),
        "paper": (GENERATOR_IMAGES, lambda: draw_images(GENERATOR_IMAGES, "text", rng)),
    }
    rates: dict[str, list[float]] = {name: [] for name in generators}
    for _ in range(rounds):
        for name, (images, draw) in generators.items():
            rates[name].append(images * calls_per_second(draw, seconds))
    return {"rates": rates}


def calls_per_second(call: Callable[[], object], seconds: float) -> float:
    """Return the number of calls per second, measured over at least `seconds`."""
    n, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        call()
        n += 1
    return n / elapsed
