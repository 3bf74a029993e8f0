"""Signal and noise of the gradient for networks saved during training (section 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from failures.engine.seeding import DATA, generator
from failures.families.lines.analyses.signal import Features, measure


def analyze(
    inputs: dict[str, Any], n_tuples: int, tuple_lengths: dict[str, int], conventions: str, initial: bool
) -> pd.DataFrame:
    """Estimate the SNR per method for every saved network.

    Args:
        inputs: `pool`, the path of the images, `runs`, paths of the tables of runs, and `models`, folders of models;
            `runs` and `models` have the same length.
        n_tuples: Tuples per estimate.
        tuple_lengths: k of each problem.
        conventions: `scripts` or `text`.
        initial: Whether to use the initial networks only.

    Returns:
        The columns that `failures.families.lines.analyses.signal` describes.
    """
    pool = np.load(inputs["pool"])
    features = Features(pool, sorted(set(tuple_lengths.values())))
    rows = []
    for runs, models in zip(inputs["runs"], inputs["models"], strict=True):
        for run in pd.read_csv(runs).itertuples():
            length = tuple_lengths[run.problem]
            for updates, path in _snapshots(Path(models), run.trial, run.n_steps):
                if updates and initial:
                    continue
                model = keras.models.load_model(path, compile=False, safe_mode=True)
                n2_models = {length: model.get_layer("n2")}
                stream = ("lines", run.problem, run.learner, int(run.seed), updates)
                keys = {"problem": run.problem, "learner": run.learner, "seed": run.seed, "updates": updates}
                estimates = measure(
                    features, model.get_layer("n1"), n2_models, n_tuples, conventions, generator(*stream, DATA)
                )
                rows += [{**keys, **row} for row in estimates]
    return pd.DataFrame(rows)


def _snapshots(folder: Path, trial: str, n_steps: int) -> Iterator[tuple[int, Path]]:
    """Yield the completed updates and the file of each saved network of a run."""
    yield 0, folder / f"{trial}.initial.keras"
    matches = (re.fullmatch(rf"{re.escape(trial)}\.step_(\d+)", path.stem) for path in folder.iterdir())
    for step in sorted(int(match[1]) for match in matches if match):
        yield step + 1, folder / f"{trial}.step_{step}.keras"
    yield n_steps, folder / f"{trial}.keras"
