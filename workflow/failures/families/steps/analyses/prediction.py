"""Predictions of trained learners for fresh samples of a step function (section 5, Figure 7).

Columns of predictions/steps/fig7.csv:
    learner, kind: name and kind in the configuration
    bias: b*
    r: r = ⟨v*, x⟩ + b*
    truth: u(r)
    prediction: prediction of the learner
    approximation: ũ(r) (kind `non_flat`)

One row per learner and fresh sample.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pandas as pd
import tensorflow as tf

from failures.engine.seeding import EVALUATION, Streams
from failures.families.steps.objective import StepObjective
from failures.families.steps.problem import parse_direction, smooth_steps, values


def analyze(
    inputs: dict[str, Any],
    stream: str,
    n_features: int,
    input_scale: float,
    n_samples: int,
    learners: dict[str, dict[str, Any]],
) -> pd.DataFrame:
    """Compute the predictions of the networks of the first replicate at the end of training.

    Args:
        inputs: `runs`, paths of the tables of runs, and `models`, folders of models; lists of the same length.
        stream: Name of the problem's random stream.
        n_features: Input dimension, d.
        input_scale: Standard deviation of each input.
        n_samples: Number of fresh samples.
        learners: Validated blocks of `steps.learners`, by name.

    Returns:
        The table that `Columns` describes, with ascending r.
    """
    tables = []
    for runs, models in zip(inputs["runs"], inputs["models"], strict=True):
        run = pd.read_csv(runs).sort_values("seed").iloc[0]
        learner = learners[run["learner"]]
        objective = StepObjective(n_features, input_scale, n_samples, learner)
        seed = Streams("steps", stream).seed(int(run["seed"]), EVALUATION, "figure")
        objective.assign(parse_direction(run["direction"]), run["bias"], 0, seed)
        x, r = objective.sample(n_samples, objective.evaluation_seed, tf.constant(0, tf.int64))
        model = keras.models.load_model(Path(models) / f"{run['trial']}.keras")
        columns = {"r": r, "truth": objective.step_function(r), "prediction": objective.predict(model, x)}
        table = pd.DataFrame({name: tensor.numpy()[:, 0].astype(float) for name, tensor in columns.items()})
        if learner["kind"] == "non_flat":
            shape = {key: learner[key] for key in ("slope", "relative", "shift")}
            table["approximation"] = smooth_steps(table["r"].to_numpy(), values(run["bias"]), **shape)
        tables.append(table.sort_values("r").assign(learner=run["learner"], kind=learner["kind"], bias=run["bias"]))
    table = pd.concat(tables, ignore_index=True)
    columns = ["learner", "kind", "bias", "r", "truth", "prediction", "approximation"]
    return table.reindex(columns=columns)
