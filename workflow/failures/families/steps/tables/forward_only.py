"""Forward-only training and GLMtron.

Forward-only training computes the loss with u and replaces the derivative of u by 1 in the gradient. GLMtron is an
algorithm for generalised linear models (Kakade et al. 2011). Its convergence theorem (appendix A.7 of the paper) bounds
the error for Lipschitz activations.

Columns:
    part: `training`: forward-only training; `glmtron`: GLMtron; `bound`: upper bound of the convergence theorem
    learner
    optimizer, learning_rate: optimiser; learning rate (`training`)
    input_scale: standard deviation of the inputs (`training`)
    lipschitz: Lipschitz constant L of the activation (`glmtron`, `bound`)
    step: step of the evaluation (`training`); number of iterations (`glmtron`, `bound`)
    value_median, value_p10, value_p90: `training`: unexplained variance; `glmtron`: smallest mean squared error of all
        iterations so far; `bound`: upper bound on that error
    n_replicates: number of runs
"""

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
    """Compute the errors of forward-only training and of GLMtron against steps.

    Args:
        inputs: `history`, paths of histories.
        problems: `input_scale` of each problem.
        learners: `optimizer` of each learner.
        glmtron: Settings of the configuration.

    Returns:
        The table that `Columns` describes.
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
