"""Runs of any family, read from its artifacts and rescaled to progress."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_histories, read_tables
from failures.reporting.comparisons.scales import SCALES

RUN = ["problem", "learner", "trial"]
# The final value of a run is the median over the evaluations in this last share of its steps.
END = 0.1


def read_family(
    inputs: dict[str, Any], family: str, problems: dict[str, dict[str, int]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and evaluations of a family.

    Args:
        inputs: `runs_FAMILY` and `history_FAMILY` (files).
        family: Name of the family.
        problems: For each problem, the key and value of its size.

    Returns:
        The runs, one row per run, with columns family, problem, learner, size, trial, replicate, rate_factor,
        metric, value (median over the evaluations in the last tenth of the steps; empty for a diverged run), progress,
        n_steps and status; and the evaluations, with columns problem, learner, trial, step and progress.
    """
    scale = SCALES[family]
    history = read_histories(inputs[f"history_{family}"], scale.metric).rename(columns={scale.metric: "value"})
    history["progress"] = scale.progress(history["value"])
    runs = read_tables(inputs[f"runs_{family}"]).rename(columns={"seed": "replicate"})
    sizes = {name: problem[scale.size] for name, problem in problems.items()}
    runs = runs.assign(family=family, metric=scale.metric, size=runs["problem"].map(sizes))
    ends = history.merge(runs[[*RUN, "n_steps"]], on=RUN)
    ends = ends[ends["step"] >= (1 - END) * (ends["n_steps"] - 1)]
    runs = runs.merge(ends.groupby(RUN)["value"].median().reset_index(), on=RUN, how="left")
    runs["value"] = runs["value"].where(runs["status"] == "ok")
    runs["progress"] = scale.progress(runs["value"])
    columns = ["family", "problem", "learner", "size", "trial", "replicate", "rate_factor", "metric", "value"]
    return runs[[*columns, "progress", "n_steps", "status"]], history[[*RUN, "step", "progress"]]
