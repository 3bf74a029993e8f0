"""Accuracy of trained networks on additional test tuples, computed by the Keras layers (section 3.1).

Columns of predictions/lines/fig3.csv:
    problem, learner, tuple_length, seed
    n_steps: updates completed
    n_test, n_right: number of test tuples; number classified correctly
    image_accuracy: as in `tables/fig3.csv`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from failures.families.lines.problem import tuple_labels, unpack
from failures.families.lines.training import held_out_images


def analyze(inputs: dict[str, Any], n_test: int, tuple_lengths: dict[str, int], conventions: str) -> pd.DataFrame:
    """Compute the accuracy of each trained network on tuples and on single images.

    Args:
        inputs: `runs`, paths of the tables of runs, and `models`, folders of models; lists of the same length.
        n_test: Number of test tuples.
        tuple_lengths: k of each problem.
        conventions: `scripts` or `text`.

    Returns:
        The table that `Columns` describes, one row per run.
    """
    rows = []
    for runs, models in zip(inputs["runs"], inputs["models"], strict=True):
        for run in pd.read_csv(runs).itertuples():
            length = tuple_lengths[run.problem]
            images, labels = unpack(held_out_images(n_test * length, conventions))
            joint = tuple_labels(labels.reshape(-1, length), conventions)
            model = keras.models.load_model(Path(models, f"{run.trial}.keras"), compile=False, safe_mode=True)
            single = model.get_layer("n1").predict(images, batch_size=100, verbose=0)[:, 0]
            scores = model.get_layer("n2").predict(single.reshape(-1, length), batch_size=1000, verbose=0)[:, 0]
            keys = (run.problem, run.learner, length, run.seed, run.n_steps, n_test)
            rows.append((*keys, np.count_nonzero(scores * joint > 0), np.mean(single * labels > 0)))
    columns = ["problem", "learner", "tuple_length", "seed", "n_steps", "n_test", "n_right", "image_accuracy"]
    return pd.DataFrame(rows, columns=columns)
