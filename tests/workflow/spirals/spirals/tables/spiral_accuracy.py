"""Table of the figure spiral_accuracy."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_histories, replicate_band


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Accuracy over replicates. Returns columns problem, learner, step, the band of accuracy and n_replicates."""
    return replicate_band(read_histories(inputs["history"], "accuracy"), ["problem", "learner", "step"], "accuracy")
