"""Signal and noise of the gradient for networks that were kept along training."""

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
    """SNR of every method at every network that was kept.

    inputs: `pool` (file), `runs` (tables) and `models` (folders), lists of the same length. tuple_lengths: k of each
    problem. initial: only at the initial weights. Returns columns problem, learner, seed, updates, tuple_length,
    method, n_tuples, signal, noise, snr, standard_error and plug_in (`failures.families.lines.analyses.signal`).
    """
    pool = np.load(inputs["pool"])
    features = Features(pool, sorted(set(tuple_lengths.values())))
    rows = []
    for runs, models in zip(inputs["runs"], inputs["models"], strict=True):
        for run in pd.read_csv(runs).itertuples():
            length = tuple_lengths[run.problem]
            for updates, path in _kept(Path(models), run.trial, run.n_steps):
                if updates and initial:
                    continue
                model = keras.models.load_model(path, compile=False, safe_mode=True)
                seconds = {length: model.get_layer("n2")}
                stream = ("lines", run.problem, run.learner, int(run.seed), updates)
                keys = {"problem": run.problem, "learner": run.learner, "seed": run.seed, "updates": updates}
                found = measure(
                    features, model.get_layer("n1"), seconds, n_tuples, conventions, generator(*stream, DATA)
                )
                rows += [{**keys, **row} for row in found]
    return pd.DataFrame(rows)


def _kept(folder: Path, trial: str, n_steps: int) -> Iterator[tuple[int, Path]]:
    """Updates that each kept network of a run has had, and its file."""
    yield 0, folder / f"{trial}.initial.keras"
    kept = (re.fullmatch(rf"{re.escape(trial)}\.step_(\d+)", path.stem) for path in folder.iterdir())
    for step in sorted(int(match[1]) for match in kept if match):
        yield step + 1, folder / f"{trial}.step_{step}.keras"
    yield n_steps, folder / f"{trial}.keras"
