"""Variance of the gradient over all parities, during training on one of them (Theorem 1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pandas as pd

from failures.engine.gradients import in_precision
from failures.families.parity.analyses.gradient_variance import by_transform, rows


def analyze(inputs: dict[str, Any], n_features: int, encoding: str) -> pd.DataFrame:
    """Compute variance, bound and energies of every saved network.

    Args:
        inputs: `runs`, paths of tables, and `models`, paths of folders, in the same order.
        n_features: Input dimension d.
        encoding: ``"binary"`` or ``"signed"``.

    Returns:
        The table that `Columns` of `gradient_variance` describes, one row per network, loss, quantity and parity size.
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
    """Return the number of updates of a saved network: t + 1 after the update of step t."""
    match path.name.split(".")[1:-1]:
        case []:
            return n_steps
        case ["initial"]:
            return 0
        case [step]:
            return int(step.removeprefix("step_")) + 1
    raise ValueError(f"{path}: not a saved network; allowed: TRIAL.keras, TRIAL.initial.keras, TRIAL.step_STEP.keras")
