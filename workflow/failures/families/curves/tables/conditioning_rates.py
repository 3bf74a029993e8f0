"""Iterations of gradient descent (Lemma 2, Theorem 3).

η is the learning rate, and λ the second moment of each change of slope. U is the weight matrix of the linear learner,
whose optimum is W⁻¹. w holds the three taps of the filter of a convolutional learner, whose optimum is (1, -2, 1).

Columns:
    part: `descent`, `threshold` or `iterations`, as listed below
    learner: `linear`, `convolution_DISTRIBUTION` or `conditioned_DISTRIBUTION`, with the distribution of the curves
    method: `closed_form`; `simulation`; `stochastic`: stochastic gradient descent, mean of U over replicates; `bound`:
        Theorem 3
    n_points: n
    x: `descent`: number of iterations; `threshold`: step size ηλS_11²; `iterations`: n
    value: `descent`, `threshold`: the error ||U - W⁻¹||; `iterations`: number of iterations

Parts:
    descent: error against the number of iterations
    threshold: error after 1000 iterations, against the step size
    iterations: number of iterations until the error is 0.5, against n. For filters the error is ||w - (1, -2, 1)||
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.engine.seeding import DATA, generator
from failures.families.curves import theory
from failures.families.curves.problem import decoder

# Spectral error of Theorem 3.
TARGET = 0.5
# n of the parts `descent` and `threshold`; step size eta lambda S_11^2 and iterations of `descent`; iterations of
# `threshold`.
SMALL, STEP_SIZE, LENGTH, THRESHOLD_STEPS = 6, 0.2, 30_000, 1000
# Number of curves from which the conditioning of the filter is estimated.
N_CURVES = 1000


def tabulate(
    inputs: dict[str, Any], n_points: list[int], simulated_up_to: int, step_sizes: list[float], n_replicates: int
) -> pd.DataFrame:
    """Compute errors and numbers of iterations in closed form and by simulation.

    Args:
        inputs: Empty.
        n_points: Values of n of the part `iterations`.
        simulated_up_to: Largest n that is simulated.
        step_sizes: Step sizes ηλS_11² of the part `threshold`.
        n_replicates: Number of replicates of the method `stochastic`.

    Returns:
        The table that `Columns` describes.
    """
    rows = [*_descent(n_replicates), *_threshold(step_sizes), *_iterations(sorted(n_points), simulated_up_to)]
    return pd.DataFrame(rows, columns=["part", "learner", "method", "n_points", "x", "value"])


def _descent(n_replicates: int) -> list[tuple]:
    values = np.linalg.svd(decoder(SMALL), compute_uv=False)
    step_size = STEP_SIZE / values[0] ** 2
    steps = np.unique(np.geomspace(1, LENGTH, 25).astype(int)).tolist()
    few = [step for step in steps if step <= LENGTH // 10]
    rng = generator("curves", "conditioning_rates", SMALL, DATA)
    means = theory.simulate_stochastic(SMALL, step_size, few, n_replicates, rng)
    errors = {
        "closed_form": dict(zip(steps, theory.descent_error(values, step_size, np.array(steps)), strict=True)),
        "simulation": theory.simulated_errors(SMALL, step_size, steps),
        "stochastic": dict(zip(few, _distances(means), strict=True)),
    }
    return [
        ("descent", "linear", method, SMALL, step, error)
        for method, errors_by_step in errors.items()
        for step, error in errors_by_step.items()
    ]


def _distances(learnt: np.ndarray) -> list[float]:
    """Compute ||U - W^-1|| of each matrix U in [..., n, n]."""
    return np.linalg.norm(learnt - np.linalg.inv(decoder(learnt.shape[-1])), 2, axis=(-2, -1)).tolist()


def _threshold(step_sizes: list[float]) -> list[tuple]:
    values = np.linalg.svd(decoder(SMALL), compute_uv=False)
    rows = []
    for size in sorted(step_sizes):
        step_size = size / values[0] ** 2
        exact = float(theory.descent_error(values, step_size, THRESHOLD_STEPS))
        simulated = theory.simulated_errors(SMALL, step_size, [THRESHOLD_STEPS])[THRESHOLD_STEPS]
        rows.append(("threshold", "linear", "closed_form", SMALL, size, exact))
        rows.append(("threshold", "linear", "simulation", SMALL, size, simulated))
    return rows


def _iterations(n_points: list[int], simulated_up_to: int) -> list[tuple]:
    rows = []
    for n in n_points:
        largest, smallest = theory.singular_values(n)
        rows.append(("iterations", "linear", "bound", n, n, largest**2 / smallest**2 / 2))
        # A small error is that of the slowest direction, so the two ends of the spectrum suffice.
        values, step_size = np.array([largest, smallest]), 1 / largest**2
        exact = theory.iterations(lambda t: float(theory.descent_error(values, step_size, t)), TARGET)  # noqa: B023
        rows.append(("iterations", "linear", "closed_form", n, n, exact))
        if n <= simulated_up_to:
            rows.append(("iterations", "linear", "simulation", n, n, theory.simulate(n, step_size, TARGET, 2 * exact)))
        for distribution in ("slopes", "uniform"):
            moment = theory.patch_moment(n, distribution)
            roots = {"convolution": np.eye(3), "conditioned": theory.estimated_root(n, distribution, N_CURVES, 0)}
            for learner, root in roots.items():
                exact = theory.iterations(lambda t: theory.filter_error(moment, root, t), TARGET)  # noqa: B023
                rows.append(("iterations", f"{learner}_{distribution}", "closed_form", n, n, exact))
    return rows
