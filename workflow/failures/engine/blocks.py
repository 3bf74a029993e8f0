"""Train one learner on all trials of a block of replicates and write the artifacts; this is one job of the workflow.

Columns of runs/FAMILY/PROBLEM/LEARNER/seeds_BLOCK/history.parquet:
    problem, learner, trial, seed, step
    metric: name of the metric, as listed for each family
    value: value of the metric; a run that diverges ends with its first value that is not finite, or with NaN if a
        weight is not finite

One row per run, evaluation and metric.

Columns of runs/FAMILY/PROBLEM/LEARNER/seeds_BLOCK/runs.csv:
    problem, learner, trial, seed, rate_factor
    status: `ok`, or `diverged` if a value of the last evaluation or a weight is not finite
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
    """Interface of the class `Training` that the module `training` of each family defines.

    Attributes:
        trainer: Trainer of the learner on the problem; all trials share its compiled loop.
    """

    trainer: Trainer

    def begin(self, trial: Any) -> None:
        """Set the trainer to the initial state of a trial.

        Args:
            trial: Row of the table of trials, with one attribute per column.
        """


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

    The folder contains TRIAL.keras, the trained network. If the schedule has snapshots, it also contains
    TRIAL.initial.keras and TRIAL.step_STEP.keras.

    Args:
        training: The learner on the problem.
        keys: Values of the columns that identify the job in both tables (`problem`, `learner`).
        trials: Table with the columns `trial` (unique names), `seed`, optionally `rate_factor` (multiple of the
            learner's learning rate; default: 1) and the columns that the family reads.
        history: Path of the table of evaluations (Parquet).
        runs: Path of the table of runs (CSV).
        models: Path of the folder of networks.
        checkpoints: Folder of the checkpoints of this job; removed when all trials are trained.
        identity: JSON value that determines the results. Checkpoints with another identity are ignored.
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
    """Return the evaluations of one run, one row per step and metric."""
    metrics = trainer.objective.metrics
    steps = trainer.schedule.evaluation_steps[: len(result.values)]
    table = pd.DataFrame({"step": np.repeat(steps, len(metrics)), "metric": np.tile(metrics, len(steps))})
    table["value"] = _shortest(result.values).ravel()
    for column, value in reversed([*keys.items(), ("trial", trial.trial), ("seed", trial.seed)]):
        table.insert(0, column, value)
    return table


def _summary(keys: dict[str, str], trial: Any, trainer: Trainer, result: Result) -> dict[str, Any]:
    """Return one row: the keys, the trial, the status, the number of updates and the last evaluation."""
    last = int(trainer.schedule.evaluation_steps[len(result.values) - 1])
    final = {f"final_{m}": v for m, v in zip(trainer.objective.metrics, _shortest(result.values[-1]), strict=True)}
    return {**keys, **trial._asdict(), "status": result.status, "n_steps": last + 1, **final}


def _shortest(values: np.ndarray) -> np.ndarray:
    """Convert float32 values to the float64 of their shortest decimal: 0.544, not 0.5440000295639038."""
    return values.astype(np.float32).astype("U").astype(np.float64)
