"""Signal and noise of the gradient for networks saved during training (section 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd

from failures.engine.seeding import DATA, generator
from failures.families.lines.analyses.features import Features, select_images
from failures.families.lines.analyses.signal import draw_order, measure


class Network(NamedTuple):
    """A saved network: the run, the completed updates and the file."""

    problem: str
    learner: str
    seed: int
    updates: int
    path: Path


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
    pool = np.load(inputs["pool"], mmap_mode="r")
    n_images = len(pool)

    def order(network: Network) -> np.ndarray:
        stream = ("lines", network.problem, network.learner, network.seed, network.updates)
        return draw_order(n_images, n_tuples, [tuple_lengths[network.problem]], generator(*stream, DATA))

    networks = list(_networks(inputs["runs"], inputs["models"], initial))
    images = select_images(pool, map(order, networks))
    del pool
    features = Features(images)
    del images
    rows = []
    for network in networks:
        *keys, path = network
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        n2_models = {tuple_lengths[network.problem]: model.get_layer("n2")}
        estimates = measure(features, model.get_layer("n1"), n2_models, n_tuples, conventions, order(network))
        rows += [{**dict(zip(Network._fields, keys, strict=False)), **row} for row in estimates]
    return pd.DataFrame(rows)


def _networks(runs: list[str], models: list[str], initial: bool) -> Iterator[Network]:
    """Yield the saved networks of runs; only the initial ones if `initial`."""
    for table, folder in zip(runs, models, strict=True):
        for run in pd.read_csv(table).itertuples():
            for updates, path in _snapshots(Path(folder), run.trial, run.n_steps):
                if not (updates and initial):
                    yield Network(run.problem, run.learner, int(run.seed), updates, path)


def _snapshots(folder: Path, trial: str, n_steps: int) -> Iterator[tuple[int, Path]]:
    """Yield the completed updates and the file of each saved network of a run."""
    yield 0, folder / f"{trial}.initial.keras"
    matches = (re.fullmatch(rf"{re.escape(trial)}\.step_(\d+)", path.stem) for path in folder.iterdir())
    for step in sorted(int(match[1]) for match in matches if match):
        yield step + 1, folder / f"{trial}.step_{step}.keras"
    yield n_steps, folder / f"{trial}.keras"
