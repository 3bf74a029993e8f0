"""Adapters to this project: the training of a row, and the data of its problem as arrays for the other contenders."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.rows import FED, Row
from failures.packages import package

NAME = "bench"
# Keys of a problem that are arguments of `draw_instances`, by family.
DRAWN = {
    "parity": ("n_features", "subset_sizes"),
    "portfolio": ("n_features", "n_stocks"),
    "curves": ("n_curves", "distribution"),
    "steps": ("n_features", "initial_biases"),
    "lines": ("n_images",),
}


def trial(row: Row) -> Any:
    """Draw the first trial of the problem of a row."""
    module = import_module(f"{package(row.family)}.problem")
    settings = {key: row.problem[key] for key in DRAWN[row.family]}
    drawn = module.draw_instances(NAME, **settings, seeds=[0], variant="code")
    rows = drawn if not hasattr(drawn, "itertuples") else drawn.itertuples(index=False)
    return next(iter(rows))


def begun(row: Row) -> Any:
    """Return the Training of a row at the start of a run. Requires `failures.runtime.jobs.configure_tensorflow` before."""
    training = import_module(f"{package(row.family)}.training").Training(NAME, row.problem, "bench", row.learner)
    training.begin(trial(row))
    return training


def arrays(row: Row) -> dict[str, np.ndarray]:
    """Return the data of the problem for contenders that cannot import the families; see `benchmarks.samples`."""
    return globals()[f"_{row.family}"](row, trial(row))


def _parity(row: Row, drawn: Any) -> dict[str, np.ndarray]:
    return {"size": np.array(row.problem["subset_sizes"][0])}


def _portfolio(row: Row, drawn: Any) -> dict[str, np.ndarray]:
    return {"labels": np.array(drawn.labels.split(" "), np.int64)}


def _curves(row: Row, drawn: Any) -> dict[str, np.ndarray]:
    from failures.families.curves.problem import curve_set, decode, inverse_root, patches, second_moment

    problem = row.problem
    sizes = (problem["n_points"], problem["n_pieces"], drawn.distribution, drawn.n_curves, problem["n_validation"])
    training, validation = curve_set(NAME, drawn.seed, *sizes)
    root = inverse_root(second_moment(patches(decode(training))))
    found = {"changes": training, "curves": decode(training), "root": root}
    found |= {"validation_changes": validation, "validation_curves": decode(validation)}
    return {name: array.astype(np.float32) for name, array in found.items()}


def _steps(row: Row, drawn: Any) -> dict[str, np.ndarray]:
    from failures.families.steps.problem import parse_direction, values

    return {
        "direction": parse_direction(drawn.direction),
        "bias": np.array(drawn.bias),
        "z": values(drawn.bias),
    }


def _lines(row: Row, drawn: Any) -> dict[str, np.ndarray]:
    from failures.families.lines.problem import draw_images, unpack

    rng = np.random.default_rng(0)
    k = row.problem["tuple_length"]
    found = {}
    for name, n in (("train", FED // k * k), ("test", row.problem["evaluation"] * k)):
        pixels, labels = unpack(draw_images(n, "code", rng))
        found |= {f"{name}_images": pixels.astype(np.uint8), f"{name}_labels": labels}
    return found
