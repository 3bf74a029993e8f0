"""A training job: one learner on all trials of a block of replicates, from trials to artifacts.

Columns of runs/FAMILY/PROBLEM/LEARNER/seeds_BLOCK/history.parquet:
    problem, learner, trial, seed, step
    metric: name of the metric, as listed for each family
    value: value of the metric; a run that diverges ends with its first value that is not finite

One row per run, evaluation and metric.

Columns of runs/FAMILY/PROBLEM/LEARNER/seeds_BLOCK/runs.csv:
    problem, learner, trial, seed, rate_factor
    status: `ok` or `diverged`
    n_steps: updates completed at the last evaluation
    final_METRIC: value of each metric at the last evaluation; empty for NaN

One row per run. The table also has the other columns of the table of trials.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from failures.artifacts.write import save_model, write_table
from failures.engine.training import Result, Trainer, run
from failures.runtime.files import atomic
from failures.runtime.progress import Progress


class Training(Protocol):
    """What a family offers to be trained."""

    trainer: Trainer

    def begin(self, trial: Any) -> None:
        """Put the trainer at the start of the run of `trial`, a row of the trials' table."""


def train_block(
    training: Training,
    keys: dict[str, str],
    trials: pd.DataFrame,
    history: Path,
    runs: Path,
    models: Path,
    checkpoints: Path,
    identity: Any,
) -> None:
    """Train every trial and write the tables `history` and `runs` and the folder `models`.

    The folder holds TRIAL.keras, the trained network, and where the schedule has snapshots
    TRIAL.initial.keras and TRIAL.step_STEP.keras.

    training: the learner on the problem. keys: columns that name the job in both tables (problem, learner).
    trials: columns `trial` (unique names), `seed`, `rate_factor` (of the learner's learning rate; 1 if there is
    no such column) and whatever the family needs.
    checkpoints: folder of this job's checkpoints; removed at the end. identity: any JSON value that
    decides the results; checkpoints of another identity are ignored.
    """
    schedule = training.trainer.schedule
    progress = Progress("/".join(keys.values()), schedule.n_steps * len(trials))
    histories, summaries = [], []
    with atomic(models) as private:
        private.mkdir()
        for trial in trials.itertuples(index=False):
            training.begin(trial)
            training.trainer.scale_rate(getattr(trial, "rate_factor", 1.0))
            if schedule.snapshots:
                save_model(training.trainer.learner, private / f"{trial.trial}.initial.keras")
            checkpoint = checkpoints / f"{trial.trial}.npz"
            result = run(training.trainer, checkpoint, {"job": identity, "trial": trial._asdict()}, progress)
            save_model(training.trainer.learner, private / f"{trial.trial}.keras")
            for step, path in result.snapshots.items():
                shutil.copyfile(path, private / f"{trial.trial}.step_{step}.keras")
            histories.append(_history(keys, trial, training.trainer, result))
            summaries.append(_summary(keys, trial, training.trainer, result))
        progress.report()
        write_table(pd.concat(histories, ignore_index=True), history)
        write_table(pd.DataFrame(summaries), runs)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _history(keys: dict[str, str], trial: Any, trainer: Trainer, result: Result) -> pd.DataFrame:
    """Tidy history of one run: the keys, trial, seed, step, metric, value."""
    metrics = trainer.objective.metrics
    steps = trainer.schedule.evaluation_steps[: len(result.values)]
    table = pd.DataFrame({"step": np.repeat(steps, len(metrics)), "metric": np.tile(metrics, len(steps))})
    table["value"] = _shortest(result.values).ravel()
    for column, value in reversed([*keys.items(), ("trial", trial.trial), ("seed", trial.seed)]):
        table.insert(0, column, value)
    return table


def _summary(keys: dict[str, str], trial: Any, trainer: Trainer, result: Result) -> dict[str, Any]:
    """One row: the keys, the trial, the status, the steps trained and the last evaluation."""
    last = int(trainer.schedule.evaluation_steps[len(result.values) - 1])
    final = {f"final_{m}": v for m, v in zip(trainer.objective.metrics, _shortest(result.values[-1]), strict=True)}
    return {**keys, **trial._asdict(), "status": result.status, "n_steps": last + 1, **final}


def _shortest(values: np.ndarray) -> np.ndarray:
    """float32 values as the float64 of their shortest decimal: 0.544, not 0.5440000295639038."""
    return values.astype(np.float32).astype("U").astype(np.float64)
