"""Adapters to this project: the training of a row, and the data of its problem as arrays for the other contenders."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.rows import FED, Row
from failures.engine.seeding import Streams
from failures.packages import package

# Keys of a problem that are arguments of `draw_instances`, by family.
INSTANCE_KEYS = {
    "parity": ("n_features", "subset_sizes"),
    "portfolio": ("n_features", "n_stocks"),
    "curves": ("n_curves", "distribution"),
    "steps": ("n_features", "initial_biases"),
    "lines": ("n_images",),
}


def first_trial(row: Row) -> Any:
    """Draw the first trial of the problem of a row."""
    module = import_module(f"{package(row.family)}.problem")
    settings = {key: row.problem[key] for key in INSTANCE_KEYS[row.family]}
    instances = module.draw_instances(row.problem["stream"], **settings, seeds=[0])
    return next(iter(instances.itertuples(index=False) if hasattr(instances, "itertuples") else instances))


def start_training(row: Row) -> Any:
    """Return the `Training` of a row before its first step.

    Call `failures.engine.tensorflow_setup.configure_tensorflow` first.
    """
    training = import_module(f"{package(row.family)}.training").Training(row.problem, row.learner)
    training.begin(first_trial(row))
    return training


def arrays(row: Row) -> dict[str, np.ndarray]:
    """Return the data of a problem, by name, for contenders that do not import the families (`benchmarks.samples`)."""
    return ARRAYS[row.family](row, first_trial(row))


def _parity(row: Row, trial: Any) -> dict[str, np.ndarray]:
    return {"size": np.array(row.problem["subset_sizes"][0])}


def _portfolio(row: Row, trial: Any) -> dict[str, np.ndarray]:
    return {"labels": np.array(trial.labels.split(" "), np.int64)}


def _curves(row: Row, trial: Any) -> dict[str, np.ndarray]:
    from failures.families.curves.problem import curve_set, decode, inverse_root, patches, second_moment

    problem = row.problem
    sizes = problem["n_points"], problem["n_pieces"], trial.distribution, trial.n_curves, problem["n_validation"]
    training, validation = curve_set(Streams("curves", problem["stream"]), trial.seed, *sizes)
    data = {
        "changes": training,
        "curves": decode(training),
        "root": inverse_root(second_moment(patches(decode(training)))),
        "validation_changes": validation,
        "validation_curves": decode(validation),
    }
    return {name: array.astype(np.float32) for name, array in data.items()}


def _steps(row: Row, trial: Any) -> dict[str, np.ndarray]:
    from failures.families.steps.problem import parse_direction, values

    direction, bias = parse_direction(trial.direction), np.array(trial.bias)
    return {"direction": direction, "bias": bias, "z": values(trial.bias)}


def _lines(row: Row, trial: Any) -> dict[str, np.ndarray]:
    from failures.families.lines.problem import draw_images, unpack

    rng = np.random.default_rng(0)
    k = row.problem["tuple_length"]
    data = {}
    for name, n in (("train", FED // k * k), ("test", row.problem["evaluation"] * k)):
        pixels, labels = unpack(draw_images(n, "scripts", rng))
        data |= {f"{name}_images": pixels.astype(np.uint8), f"{name}_labels": labels}
    return data


ARRAYS = {"parity": _parity, "portfolio": _portfolio, "curves": _curves, "steps": _steps, "lines": _lines}
