"""Validation curves as decoded by trained learners (section 4, Figure 6).

Columns of decoded/curves/fig6.csv:
    learner
    step, curve, point, original, decoded: as in `tables/fig6.csv`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from failures.engine.seeding import Streams
from failures.families.curves.problem import curve_set, decode


def analyze(
    inputs: dict[str, Any], stream: str, n_points: int, n_pieces: int, n_validation: int, steps: list[int], n_shown: int
) -> pd.DataFrame:
    """Decode the first validation curves of the first replicate with the networks saved at some steps.

    Args:
        inputs: `runs`, paths of the tables of runs, and `models`, folders of models; lists of the same length.
        stream: Name of the problem's random stream.
        n_points: Points per curve, n.
        n_pieces: Breakpoints per curve, k.
        n_validation: Number of validation curves.
        steps: Steps after whose update a network is saved.
        n_shown: Number of curves to decode.

    Returns:
        The table that `Columns` describes.
    """
    tables = []
    for runs, models in zip(inputs["runs"], inputs["models"], strict=True):
        run = pd.read_csv(runs).sort_values("seed").iloc[0]
        shape = (n_points, n_pieces, run["distribution"])
        _, changes = curve_set(Streams("curves", stream), int(run["seed"]), *shape, 0, n_validation)
        curves = decode(changes[:n_shown])
        for step in steps:
            decoded = _decoded(Path(models) / f"{run['trial']}.step_{step}.keras", curves)
            index = pd.MultiIndex.from_product([range(len(curves)), range(n_points)], names=["curve", "point"])
            table = pd.DataFrame({"original": curves.ravel(), "decoded": decoded.ravel()}, index=index)
            tables.append(table.reset_index().assign(learner=run["learner"], step=step))
    table = pd.concat(tables, ignore_index=True)
    return table[["learner", "step", "curve", "point", "original", "decoded"]]


def _decoded(path: Path, curves: np.ndarray) -> np.ndarray:
    """Decode curves: W times the predicted changes of slope, or the output of the autoencoder.

    Returns:
        Curves, [n, n_points]; NaN if the run diverged before the network was saved.
    """
    if not path.is_file():
        return np.full_like(curves, np.nan)
    model = keras.models.load_model(path)
    outputs = model(curves).numpy().astype(np.float64)
    return outputs if "decoded" in [layer.name for layer in model.layers] else decode(outputs)
