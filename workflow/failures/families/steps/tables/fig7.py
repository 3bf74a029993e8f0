"""Table of Figure 7: a step function and what learners make of it."""

from __future__ import annotations

from typing import Any

import pandas as pd


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """The predictions, with r and all values counted from b*.

    inputs: `predictions` (a file of `failures.families.steps.analyses.prediction`). Returns columns learner, kind, r, truth, prediction
    and approximation (empty but for the kind `non_flat`).
    """
    table = pd.read_csv(inputs["predictions"])
    shifted = ["r", "truth", "prediction", "approximation"]
    table[shifted] = table[shifted].sub(table["bias"], axis=0)
    return table[["learner", "kind", *shifted]]
