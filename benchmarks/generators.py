"""Images per second: the generator of lines, and the loop over images and points of the authors' scripts."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import cos, pi, sin
from typing import Any

import numpy as np

from failures.families.lines.problem import draw_images

# Images per call; a call takes about 0.1 s or more.
SIZES = {"loop": 1000, "ours": 200_000}


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
    """Measure the loop and both variants of the generator in turn. Returns images per second, one value per round."""
    rng = np.random.default_rng(0)
    generators = {
        "loop": lambda: loop(SIZES["loop"], rng),
        "code": lambda: draw_images(SIZES["ours"], "code", rng),
        "paper": lambda: draw_images(SIZES["ours"], "paper", rng),
    }
    found: dict[str, list[float]] = {name: [] for name in generators}
    for _ in range(rounds):
        for name, draw in generators.items():
            found[name].append(SIZES["loop" if name == "loop" else "ours"] * calls_a_second(draw, seconds))
    return {"rates": found}


def calls_a_second(call: Callable[[], object], seconds: float) -> float:
    """Return calls per second, over at least this many seconds."""
    n, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        call()
        n += 1
    return n / elapsed
