"""Variance of the gradient over all parities along the training on one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pandas as pd

from failures.engine.gradients import in_precision
from failures.families.parity.analyses.gradient_variance import by_transform, rows


def analyze(inputs: dict[str, Any], n_features: int, encoding: str) -> pd.DataFrame:
    """Variance, bound and energies at every network that was kept.

    inputs: `runs` (a table) and `models` (a folder), lists of the same length.
    Returns the columns of `initial_gradients.analyze`, and trial, subset_size and accuracy (at the
    end of training) of the run.
    """
    table = []
    for runs, models in zip(inputs["runs"], inputs["models"], strict=True):
        for run in pd.read_csv(runs).itertuples():
            for path in sorted(Path(models).glob(f"{run.trial}.*")):
                network = in_precision(keras.models.load_model(path), "float64")
                keys = {"learner": run.learner, "n_features": n_features, "seed": run.seed}
                keys["updates"] = _updates(path, run.n_steps)
                keys |= {"trial": run.trial, "subset_size": run.subset_size, "accuracy": run.final_accuracy}
                table += rows(by_transform(network, n_features, encoding), **keys, method="transform")
    return pd.DataFrame(table).sort_values(["trial", "updates", "loss", "quantity", "degree"], ignore_index=True)


def _updates(path: Path, n_steps: int) -> int:
    """Updates that a saved network has had: after the update of step t, t + 1."""
    match path.name.split(".")[1:-1]:
        case []:
            return n_steps
        case ["initial"]:
            return 0
        case [step]:
            return int(step.removeprefix("step_")) + 1
    raise ValueError(
        f"{path}: not a saved network; allowed: INSTANCE.keras, INSTANCE.initial.keras, INSTANCE.step_STEP.keras"
    )
