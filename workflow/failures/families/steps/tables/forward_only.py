"""Table of the figure forward_only: optimisers and scales, and GLMtron's rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.artifacts.tables import read_histories, replicate_band
from failures.engine.seeding import DATA, generator
from failures.families.steps.theory import bound, glmtron, unit_inputs

VALUES = ["value_median", "value_p10", "value_p90"]


def tabulate(
    inputs: dict[str, Any],
    problems: dict[str, dict[str, float]],
    learners: dict[str, dict[str, Any]],
    glmtron: dict[str, Any],
) -> pd.DataFrame:
    """Errors of forward-only training against steps.

    inputs: `history` (files). problems: `input_scale` of each. learners: `optimizer` of each. glmtron: settings of
    the configuration. Returns columns part, learner, optimizer, learning_rate, input_scale, lipschitz, step,
    value_median, value_p10, value_p90 and n_replicates. Part `training`: unexplained variance after the update of
    a step. Part `glmtron`: least error of the first `step` iterates; part `bound`: its upper bound.
    """
    history = read_histories(inputs["history"], "unexplained").rename(columns={"unexplained": "value"})
    history["input_scale"] = history["problem"].map(lambda name: problems[name]["input_scale"])
    training = replicate_band(history, ["learner", "input_scale", "step"], "value").assign(part="training")
    optimizers = training["learner"].map(lambda name: learners[name]["optimizer"])
    training = training.assign(optimizer=optimizers.str["name"], learning_rate=optimizers.str["learning_rate"])
    table = pd.concat([training, _rates(**glmtron)], ignore_index=True)
    keys = ["part", "learner", "optimizer", "learning_rate", "input_scale", "lipschitz", "step"]
    return table[[*keys, *VALUES, "n_replicates"]]


def _rates(
    lipschitz: list[float], n_features: int, n_samples: int, n_iterations: int, n_replicates: int
) -> pd.DataFrame:
    steps = np.unique(np.geomspace(1, n_iterations, 40).astype(int))
    rows = []
    for constant in lipschitz:
        for replicate in range(n_replicates):
            rng = generator("steps", "glmtron", replicate, DATA)
            inputs, (target,) = unit_inputs(n_samples, n_features, rng), unit_inputs(1, n_features, rng)
            best = np.minimum.accumulate(glmtron(inputs, target, constant, n_iterations)[0])
            bounds = bound(target, constant, steps)
            rows += [("glmtron", constant, step, best[step - 1]) for step in steps]
            rows += [("bound", constant, step, value) for step, value in zip(steps, bounds, strict=True)]
    table = pd.DataFrame(rows, columns=["part", "lipschitz", "step", "value"])
    return replicate_band(table, ["part", "lipschitz", "step"], "value")
