"""The peak rate of matrix products, and the number of operations of a dense step of lines.

``python -m benchmarks.lines_peak LIBRARY THREADS SECONDS`` prints the rate of float32 products of one library (numpy, torch
or tensorflow) in GFLOP/s, by shape.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.rows import Row
from benchmarks.training import alone, python

LIBRARIES = {"numpy": False, "tensorflow": False, "torch": True}
# Rows, inner dimension, columns: large squares, and convolutions of 50 images as products of patches and filters.
SHAPES = {
    "1024 x 1024 x 1024": (1024, 1024, 1024),
    "2048 x 2048 x 2048": (2048, 2048, 2048),
    "first convolution: 39200 x 25 x 16": (50 * 784, 25, 16),
    "second convolution: 9800 x 400 x 16": (50 * 196, 400, 16),
}


def layer_operations(tuple_length: int) -> list[tuple[str, int, bool]]:
    """Count the floating-point operations of each layer of the dense network, forward, for one tuple.

    A product of [n, m] and [m, p] matrices counts 2 n m p. Biases, maxima, activations and the optimiser count nothing.
    A convolution (5 x 5, 16 filters, SAME) has 25 products per position, including those in the padding.

    Returns:
        Name, operations, and whether the backward pass needs the gradient with respect to the inputs of the layer.
    """
    image = [
        ("convolution 1", 2 * 28 * 28 * 25 * 16, False),
        ("convolution 2", 2 * 14 * 14 * 25 * 16 * 16, True),
        ("hidden 1", 2 * 784 * 50, True),
        ("hidden 2", 2 * 50 * 100, True),
        ("score", 2 * 100, True),
    ]
    tuples = [("N2 hidden", 2 * tuple_length * 100, True), ("N2 label", 2 * 100, True)]
    return [(name, tuple_length * n, inner) for name, n, inner in image] + tuples


def step_operations(tuple_length: int, batch_size: int) -> int:
    """Count the floating-point operations of a dense step.

    The forward pass and the gradients with respect to the weights and to the inputs count the same. The first
    convolution needs no gradient with respect to its inputs, the images.
    """
    return batch_size * sum(operations * (3 if inner else 2) for _, operations, inner in layer_operations(tuple_length))


def measure(rows: list[Row], seconds: float) -> dict[str, dict]:
    """Measure the rates of products, by number of threads in the rows and by library (None: not installed)."""
    return {
        str(threads): {name: _run(name, threads, seconds) for name in LIBRARIES}
        for threads in sorted({row.threads for row in rows})
    }


def _run(library: str, threads: int, seconds: float) -> dict[str, float] | None:
    interpreter = python(LIBRARIES[library])
    if interpreter is None:
        return None
    return alone("benchmarks.lines_peak", (library, threads, seconds), threads, interpreter)


def product(library: str, shape: tuple[int, int, int], threads: int) -> Callable[[], object]:
    """Return a function that multiplies two random float32 matrices, [n, m] and [m, p], and waits for the result."""
    n, m, p = shape
    rng = np.random.default_rng(0)
    first, second = (rng.standard_normal(size).astype(np.float32) for size in ((n, m), (m, p)))
    if library == "torch":
        import torch

        torch.set_num_threads(threads)
        first, second = torch.from_numpy(first), torch.from_numpy(second)
    elif library == "tensorflow":
        import tensorflow as tf

        first, second = tf.constant(first), tf.constant(second)
    return lambda: first @ second


def rate(multiply: Callable[[], object], operations: int, seconds: float) -> float:
    """Return billions of operations per second of the fastest call in this many seconds."""
    multiply()
    best, until = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        multiply()
        best = min(best, time.perf_counter() - started)
    return operations / best / 1e9


def main() -> None:
    """Measure one library and print its rates."""
    library, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    found = {
        name: rate(product(library, shape, threads), 2 * int(np.prod(shape)), seconds) for name, shape in SHAPES.items()
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
