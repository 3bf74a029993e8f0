"""A training job: one learner on all instances of a block of replicates, from instances to artifacts.

Columns of runs/FAMILY/PROBLEM/LEARNER/seeds_BLOCK/history.parquet:
    problem, learner, instance, seed, step
    metric: name of the metric, as listed for each family
    value: value of the metric; a run that diverges ends with its first value that is not finite

One row per run, evaluation and metric.

Columns of runs/FAMILY/PROBLEM/LEARNER/seeds_BLOCK/runs.csv:
    problem, learner, instance, seed, rate_factor
    status: `ok` or `diverged`
    n_steps: updates completed at the last evaluation
    final_METRIC: value of each metric at the last evaluation; empty for NaN

One row per run. The table also has the other columns of the table of instances.
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

    def begin(self, instance: Any) -> None:
        """Put the trainer at the start of the run of `instance`, a row of the instances' table."""


def train_block(
    training: Training,
    keys: dict[str, str],
    instances: pd.DataFrame,
    history: Path,
    runs: Path,
    models: Path,
    checkpoints: Path,
    identity: Any,
) -> None:
    """Train every instance and write the tables `history` and `runs` and the folder `models`.

    The folder holds INSTANCE.keras, the trained network, and where the schedule has snapshots
    INSTANCE.initial.keras and INSTANCE.step_STEP.keras.

    training: the learner on the problem. keys: columns that name the job in both tables (problem, learner).
    instances: columns `instance` (unique names), `seed`, `rate_factor` (of the learner's learning rate; 1 if there is
    no such column) and whatever the family needs.
    checkpoints: folder of this job's checkpoints; removed at the end. identity: any JSON value that
    decides the results; checkpoints of another identity are ignored.
    """
    schedule = training.trainer.schedule
    progress = Progress("/".join(keys.values()), schedule.n_steps * len(instances))
    histories, summaries = [], []
    with atomic(models) as private:
        private.mkdir()
        for instance in instances.itertuples(index=False):
            training.begin(instance)
            training.trainer.scale_rate(getattr(instance, "rate_factor", 1.0))
            if schedule.snapshots:
                save_model(training.trainer.learner, private / f"{instance.instance}.initial.keras")
            checkpoint = checkpoints / f"{instance.instance}.npz"
            result = run(training.trainer, checkpoint, {"job": identity, "instance": instance._asdict()}, progress)
            save_model(training.trainer.learner, private / f"{instance.instance}.keras")
            for step, path in result.snapshots.items():
                shutil.copyfile(path, private / f"{instance.instance}.step_{step}.keras")
            histories.append(_history(keys, instance, training.trainer, result))
            summaries.append(_summary(keys, instance, training.trainer, result))
        progress.report()
        write_table(pd.concat(histories, ignore_index=True), history)
        write_table(pd.DataFrame(summaries), runs)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _history(keys: dict[str, str], instance: Any, trainer: Trainer, result: Result) -> pd.DataFrame:
    """Tidy history of one run: the keys, instance, seed, step, metric, value."""
    metrics = trainer.objective.metrics
    steps = trainer.schedule.evaluation_steps[: len(result.values)]
    table = pd.DataFrame({"step": np.repeat(steps, len(metrics)), "metric": np.tile(metrics, len(steps))})
    table["value"] = _shortest(result.values).ravel()
    for column, value in reversed([*keys.items(), ("instance", instance.instance), ("seed", instance.seed)]):
        table.insert(0, column, value)
    return table


def _summary(keys: dict[str, str], instance: Any, trainer: Trainer, result: Result) -> dict[str, Any]:
    """One row: the keys, the instance, the status, the steps trained and the last evaluation."""
    last = int(trainer.schedule.evaluation_steps[len(result.values) - 1])
    final = {f"final_{m}": v for m, v in zip(trainer.objective.metrics, _shortest(result.values[-1]), strict=True)}
    return {**keys, **instance._asdict(), "status": result.status, "n_steps": last + 1, **final}


def _shortest(values: np.ndarray) -> np.ndarray:
    """float32 values as the float64 of their shortest decimal: 0.544, not 0.5440000295639038."""
    return values.astype(np.float32).astype("U").astype(np.float64)
