"""Checkpoints of a run: evaluations, weights and optimiser state in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from failures.artifacts.write import save_model
from failures.runtime.files import atomic
from failures.runtime.progress import Progress


class Checkpoint(keras.callbacks.Callback):
    """Collect the evaluations and save them after each chunk, in one file with the weights and the optimiser's state.

    Training stops after a chunk with a non-finite evaluation.

    Args:
        path: The file; None saves nothing. Models of the schedule's snapshots are saved in a folder beside it (see
            `snapshot`).
        identity: JSON value that determines the run. A file with another identity is ignored.
        progress: Counter of the trained steps.
    """

    def __init__(self, path: Path | None, identity: Any, progress: Progress | None = None):
        super().__init__()
        self.path, self.progress = path, progress
        self.identity = json.dumps(identity, sort_keys=True)
        self.evaluations: list[np.ndarray] = []
        self.steps = 0  # completed and saved

    @property
    def diverged(self) -> bool:
        """Whether an evaluation is NaN or infinite."""
        return not all(np.isfinite(values).all() for values in self.evaluations)

    def snapshot(self, step: int) -> Path:
        """Return the path of the model that is saved after the update of a step.

        Args:
            step: Step of an evaluation.
        """
        return self.path.with_suffix("") / f"step_{step}.keras"

    def restore(self, trainer: keras.Model) -> int:
        """Restore the saved state, if there is one.

        Args:
            trainer: A `failures.engine.training.Trainer`, which receives the state.

        Returns:
            The number of completed evaluations; 0 if nothing was restored.
        """
        if self.path is None or not self.path.is_file():
            return 0
        with np.load(self.path, allow_pickle=False) as saved:
            if str(saved["identity"]) != self.identity:
                return 0
            trainer.state = [saved[f"state_{index}"] for index in range(len(trainer.state))]
            self.evaluations = [saved["evaluations"]]
        self.steps = int(trainer.optimizer.iterations.numpy())
        return len(self.evaluations[0])

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Save the state after a chunk.

        Args:
            batch: Index of the chunk; unused.
            logs: Result of `Trainer.train_step`.
        """
        self.evaluations.append(np.asarray(logs["evaluations"]))
        before, self.steps = self.steps, int(self.model.optimizer.iterations.numpy())
        if self.path is not None:
            if self.steps - 1 in self.model.schedule.snapshots:
                save_model(self.model.learner, self.snapshot(self.steps - 1))
            with atomic(self.path) as private, open(private, "wb") as file:
                state = {f"state_{index}": value for index, value in enumerate(self.model.state)}
                evaluations = np.concatenate(self.evaluations)
                np.savez(file, identity=np.array(self.identity), evaluations=evaluations, **state)
        if self.progress is not None:
            self.progress.advance(self.steps - before)
        if self.diverged:
            self.model.stop_training = True
