"""The training engine: Keras' `fit` over chunks of steps, with exact checkpoints.

Dispatching one update from Python costs many times the update of a small network. Here a 'batch' of
`fit` is a whole chunk of steps: one compiled loop draws each batch of samples in the graph, updates the
weights with the Keras optimiser, and evaluates. Weights and optimiser are values that the loop carries from step to
step, not variables that it assigns, so that XLA can make one program of it. Random numbers depend on (stream, step)
alone, so a run that resumes from a checkpoint continues with the same bits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from failures.artifacts.write import save_model
from failures.engine.workarounds import functional_optimizers, graphs_for, untuned
from failures.runtime.files import atomic
from failures.runtime.jobs import work
from failures.runtime.progress import Progress

functional_optimizers()


class Objective(Protocol):
    """What a family trains: a trial's data and loss, drawn in the graph for a step (int64 scalar)."""

    metrics: tuple[str, ...]

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Training loss of the batch of this step, a scalar."""

    def gradients(self, model: keras.Model, step: tf.Tensor) -> list[tf.Tensor]:
        """Gradients of the loss by the model's trainable variables; a family may have a faster way to them."""
        weights = [variable.value for variable in model.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = self.loss(model, step)
        return tape.gradient(loss, weights)

    def transform_gradients(self, gradients: list[tf.Tensor], step: tf.Tensor) -> list[tf.Tensor]:
        """What the optimiser is told of the gradients; the truth, unless a family replaces it."""
        return gradients

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Values of `metrics` after the update of this step, float32 of shape [len(metrics)]."""


@dataclass(frozen=True)
class Schedule:
    """Length of a run and when it is evaluated: after the updates at steps 0, every, 2 every, ... and the last.

    snapshots: steps of evaluations whose model is kept.
    """

    n_steps: int
    evaluate_every: int
    checkpoint_every: int
    snapshots: tuple[int, ...] = ()

    @property
    def evaluation_steps(self) -> np.ndarray:
        """Steps (counted from 0) after whose update there is an evaluation, int64."""
        steps = np.arange(0, self.n_steps, self.evaluate_every)
        return steps if steps[-1] == self.n_steps - 1 else np.append(steps, self.n_steps - 1)

    def evaluated(self, done: int | tf.Tensor) -> int | tf.Tensor:
        """Evaluations of a run, not at its end, that has done so many steps."""
        return (done + self.evaluate_every - 1) // self.evaluate_every

    @property
    def longest_chunk(self) -> int:
        """Evaluations between two checkpoints, at the most."""
        return min(max(1, -(-self.checkpoint_every // self.evaluate_every)), len(self.evaluation_steps))

    def chunks(self, done: int) -> list[int]:
        """Ends of the chunks after `done` evaluations, each counted in evaluations."""
        total, size = len(self.evaluation_steps), self.longest_chunk
        ends = {min(start + size, total) for start in range(done, total, size)}
        ends |= set((np.flatnonzero(np.isin(self.evaluation_steps, self.snapshots)) + 1).tolist())
        return sorted(end for end in ends if end > done)


class Trainer(keras.Model):
    """Trains `learner` on `objective`; `fit` sees the ends of chunks, counted in evaluations.

    xla: whether XLA may compile the loop; the attribute can be changed until the first step. It is no use for
    convolutions, which are slow there on the CPU, and for shapes that depend on values, which it cannot have
    (docs/decisions/engine.md).
    """

    def __init__(
        self,
        learner: keras.Model,
        objective: Objective,
        optimizer: keras.optimizers.Optimizer,
        schedule: Schedule,
        xla: bool = True,
    ):
        super().__init__(name="trainer")
        self.learner, self.objective, self.schedule, self.xla = learner, objective, schedule, xla
        self.built = True
        optimizer.build(learner.trainable_variables)
        self._fresh = optimizer.get_config()
        # Keras' "auto" would compile what is around the loop, too.
        self.compile(optimizer=optimizer, jit_compile=False)

    def train_step(self, end: tf.Tensor) -> dict[str, tf.Tensor]:
        """Train and evaluate until `end` evaluations are done. Returns their values [evaluations, metrics]."""
        done = tf.cast(self.optimizer.iterations.value, tf.int64)
        first = self.schedule.evaluated(done)
        chunk = tf.function(self._train_until, jit_compile=self.xla, autograph=False)
        return {"evaluations": chunk(done, first, end)[: end - first]}

    def _train_until(self, done: tf.Tensor, first: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        """Train from `done` steps and `first` evaluations to `end` evaluations. Returns the values of these in the
        first of [longest chunk, metrics]: XLA needs to know its shapes."""
        every, last = self.schedule.evaluate_every, self.schedule.n_steps - 1
        variables = self.carried

        def update(step: tf.Tensor, *state: tf.Tensor):
            return step + 1, *self.update(step, *state)

        def until_evaluation(index: tf.Tensor, values: tf.Tensor, *state: tf.Tensor):
            evaluated = tf.minimum(index * every, last)
            state = tf.while_loop(lambda step, *_: step <= evaluated, update, state, parallel_iterations=1)
            with keras.StatelessScope(zip(variables, state[1:], strict=True)):
                value = self.objective.evaluate(self.learner, evaluated)
            return index + 1, tf.tensor_scatter_nd_update(values, [[index - first]], [value]), *state

        values = tf.zeros([self.schedule.longest_chunk, len(self.objective.metrics)])
        start = first, values, done, *(variable.value for variable in variables)
        _, values, _, *state = tf.while_loop(
            lambda index, *_: index < end, until_evaluation, start, parallel_iterations=1
        )
        for variable, value in zip(variables, state, strict=True):
            variable.assign(value)
        return values

    def update(self, step: tf.Tensor, *state: tf.Tensor) -> list[tf.Tensor]:
        """Values of `carried` after the update of a step, from those before it."""
        with keras.StatelessScope(zip(self.carried, state, strict=True)) as scope:
            gradients = self.objective.transform_gradients(self.objective.gradients(self.learner, step), step)
            self.optimizer.apply(gradients, self.learner.trainable_variables)
            return [scope.get_current_value(variable) for variable in self.carried]

    @property
    def carried(self) -> list[keras.Variable]:
        """What the loop carries as values from step to step."""
        return [*self.learner.trainable_variables, *self.optimizer.variables]

    def prepare(self) -> None:
        """Trace and compile the loop, if that has not been done, by a chunk of no step."""
        if self.train_function is None:
            self.train_to([self.schedule.evaluated(int(self.optimizer.iterations.numpy()))])

    def train_to(self, ends: Iterable[int], *callbacks: keras.callbacks.Callback) -> None:
        """Train chunk by chunk until so many evaluations are done, one end after the other."""
        chunks = tf.data.Dataset.from_tensor_slices(np.array(ends, np.int64))
        with graphs_for(self.optimizer):
            self.fit(untuned(chunks), shuffle=False, verbose=0, callbacks=list(callbacks))

    @property
    def state(self) -> list[np.ndarray]:
        """Values of the weights and of the optimiser's variables."""
        return [variable.numpy() for variable in self._state_variables]

    @state.setter
    def state(self, values: Iterable[np.ndarray]) -> None:
        for variable, value in zip(self._state_variables, values, strict=True):
            variable.assign(value)

    def restart(self, weights: Iterable[np.ndarray]) -> None:
        """Begin a new run with these weights and a fresh optimiser; the compiled loop is kept."""
        for variable, value in zip(self.learner.variables, weights, strict=True):
            variable.assign(value)
        # Some optimisers begin with copies of the weights.
        fresh = type(self.optimizer).from_config(self._fresh)
        fresh.build(self.learner.trainable_variables)
        for variable, other in zip(self.optimizer.variables, fresh.variables, strict=True):
            variable.assign(other)

    def scale_rate(self, factor: float) -> None:
        """Set the learning rate to a multiple of the one that the optimiser was made with."""
        self.optimizer.learning_rate.assign(self._fresh["learning_rate"] * factor)

    @property
    def _state_variables(self) -> list[keras.Variable]:
        return [*self.learner.variables, *self.optimizer.variables]


class Checkpoint(keras.callbacks.Callback):
    """Collects the evaluations and saves them with weights and optimiser, in one file, after each chunk.

    path: the file, or None to keep nothing; the models of the schedule's snapshots are saved in a folder
    beside it (see `snapshot`). identity: what the run depends on, any JSON value; a file of another identity
    is ignored. Training stops after a chunk with an evaluation that is not finite.
    """

    def __init__(self, path: Path | None, identity: Any, progress: Progress | None = None):
        super().__init__()
        self.path, self.progress = path, progress
        self.identity = json.dumps(identity, sort_keys=True)
        self.evaluations: list[np.ndarray] = []
        self.steps = 0  # done and saved

    @property
    def diverged(self) -> bool:
        """Whether an evaluation was NaN or infinite."""
        return not all(np.isfinite(values).all() for values in self.evaluations)

    def snapshot(self, step: int) -> Path:
        """File of the model after the update of a step."""
        return self.path.with_suffix("") / f"step_{step}.keras"

    def restore(self, trainer: Trainer) -> int:
        """Put the trainer into the saved state, if there is one. Returns the evaluations done."""
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
        """Save after a chunk."""
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


@dataclass(frozen=True)
class Result:
    """A finished run. values: float32 [evaluations, metrics], at the first evaluations of the schedule.

    status: ``"ok"``, or ``"diverged"`` if the last of the values is not finite. snapshots: files of the
    models that were kept, by step.
    """

    values: np.ndarray
    status: str
    snapshots: dict[int, Path] = field(default_factory=dict)


def run(trainer: Trainer, checkpoint: Path | None, identity: Any, progress: Progress) -> Result:
    """Train from the trainer's state, or from the checkpoint if there is one, to the schedule's end.

    Divergence is a result, not an error: the run ends with its first evaluation that is not finite.
    """
    callback = Checkpoint(checkpoint, identity, progress)
    done = callback.restore(trainer)
    progress.skip(callback.steps)
    chunks = np.array([] if callback.diverged else trainer.schedule.chunks(done), np.int64)
    if chunks.size:
        trainer.prepare()
        with work():
            trainer.train_to(chunks, callback)
    progress.skip(trainer.schedule.n_steps - callback.steps)
    values = np.concatenate(callback.evaluations)
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        values = values[: finite.argmin() + 1]
    kept = [step for step in trainer.schedule.snapshots if step in trainer.schedule.evaluation_steps[: len(values)]]
    snapshots = {step: callback.snapshot(step) for step in kept} if checkpoint is not None else {}
    return Result(values, "ok" if finite.all() else "diverged", snapshots)
