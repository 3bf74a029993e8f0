"""Peak rate of matrix products, and operation count of a dense step of lines.

``python -m benchmarks.peak`` prints the rate in GFLOP/s, as JSON.
"""

from __future__ import annotations

import json
import time

import numpy as np

from benchmarks.training import run_module

# Rows and columns of both matrices; seconds of measurement.
SIZE, SECONDS = 2048, 1.0


def layer_operations(tuple_length: int) -> list[tuple[int, bool]]:
    """Count the floating-point operations of each layer of the dense network, forward, for one tuple.

    A product of [n, m] and [m, p] matrices counts 2 n m p. Biases, maxima, activations and the optimiser count nothing.
    A convolution (5 x 5, 16 filters, SAME) has 25 products per position, including those in the padding.

    Returns:
        Operations per layer, and whether the backward pass needs the gradient with respect to the layer's inputs.
    """
    image = [
        (2 * 28 * 28 * 25 * 16, False),  # first convolution
        (2 * 14 * 14 * 25 * 16 * 16, True),  # second convolution
        (2 * 784 * 50, True),  # hidden layers of N1
        (2 * 50 * 100, True),
        (2 * 100, True),  # score
    ]
    # Hidden layer and output of N2.
    return [(tuple_length * n, inner) for n, inner in image] + [(2 * tuple_length * 100, True), (2 * 100, True)]


def step_operations(tuple_length: int, batch_size: int) -> int:
    """Count the floating-point operations of a dense step.

    The forward pass and the gradients with respect to the weights and to the inputs count the same. The first
    convolution needs no gradient with respect to its inputs, the images.
    """
    return batch_size * sum(operations * (3 if inner else 2) for operations, inner in layer_operations(tuple_length))


def measure(threads: list[int]) -> dict[str, float]:
    """Return the peak rate in GFLOP/s, by number of threads."""
    return {str(n): run_module("benchmarks.peak", (), n) for n in threads}


def rate(size: int, seconds: float) -> float:
    """Return the rate of the fastest product of two float32 [size, size] matrices within `seconds`, in GFLOP/s."""
    first, second = np.random.default_rng(0).standard_normal((2, size, size)).astype(np.float32)
    first @ second
    best, until = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        first @ second
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best / 1e9


if __name__ == "__main__":
    print(json.dumps(rate(SIZE, SECONDS)))
