"""The training engine: Keras' `fit` over chunks of steps, with exact checkpoints.

Dispatching one update from Python takes many times longer than the update of a small network. Therefore a batch of
`fit` is a whole chunk of steps. One compiled loop draws each batch of samples in the graph, updates the weights with
the Keras optimiser, and evaluates. The loop carries weights and optimiser state as values, not variables, so that XLA
can compile it into one program. Random numbers depend only on (stream, step), so a run that resumes from a checkpoint
is bit-identical to an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from failures.engine.checkpoints import Checkpoint
from failures.engine.workarounds import (
    enable_functional_optimizers,
    limited_rewriting,
    nan_unless_finite,
    without_autotuner,
)
from failures.runtime.jobs import work
from failures.runtime.progress import Progress

enable_functional_optimizers()


class Objective(Protocol):
    """Data, loss and evaluation of a trial, computed in the graph for a step (an int64 scalar).

    Attributes:
        metrics: Names of the values that `evaluate` returns.
    """

    metrics: tuple[str, ...]

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return the training loss of the batch of this step, a scalar.

        Args:
            model: The learner.
            step: Training step, an int64 scalar.
        """

    def gradients(self, model: keras.Model, step: tf.Tensor) -> list[tf.Tensor]:
        """Return the gradients of the loss with respect to the trainable variables.

        A family may override this method with a faster computation.

        Args:
            model: The learner.
            step: Training step, an int64 scalar.

        Returns:
            One tensor per trainable variable, of the variable's shape.
        """
        weights = [variable.value for variable in model.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = self.loss(model, step)
        return tape.gradient(loss, weights)

    def transform_gradients(self, gradients: list[tf.Tensor], step: tf.Tensor) -> list[tf.Tensor]:
        """Return the gradients that are passed to the optimiser; the identity by default.

        Args:
            gradients: One tensor per trainable variable.
            step: Training step, an int64 scalar.
        """
        return gradients

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Return the values of `metrics` after the update of this step, float32 [len(metrics)].

        Args:
            model: The learner.
            step: Training step, an int64 scalar.
        """


@dataclass(frozen=True)
class Schedule:
    """Length of a run, and the steps of its evaluations: 0, `evaluate_every`, 2 `evaluate_every`, ... and the last
    step.

    Attributes:
        n_steps: Number of updates.
        evaluate_every: Steps between evaluations.
        checkpoint_every: Steps between checkpoints, rounded up to a whole number of evaluations.
        snapshots: Steps of evaluations after which the model is saved.
    """

    n_steps: int
    evaluate_every: int
    checkpoint_every: int
    snapshots: tuple[int, ...] = ()

    @property
    def evaluation_steps(self) -> np.ndarray:
        """Steps (counted from 0) whose update is followed by an evaluation, int64."""
        steps = np.arange(0, self.n_steps, self.evaluate_every)
        return steps if steps[-1] == self.n_steps - 1 else np.append(steps, self.n_steps - 1)

    def evaluated(self, done: int | tf.Tensor) -> int | tf.Tensor:
        """Return the number of evaluations after `done` steps of an unfinished run.

        Args:
            done: Number of completed steps.
        """
        return (done + self.evaluate_every - 1) // self.evaluate_every

    @property
    def longest_chunk(self) -> int:
        """Largest number of evaluations between two checkpoints."""
        return min(max(1, -(-self.checkpoint_every // self.evaluate_every)), len(self.evaluation_steps))

    def chunks(self, done: int) -> list[int]:
        """Return the ends of the chunks that remain, each counted in evaluations.

        Args:
            done: Number of completed evaluations.
        """
        total, size = len(self.evaluation_steps), self.longest_chunk
        ends = {min(start + size, total) for start in range(done, total, size)}
        ends |= set((np.flatnonzero(np.isin(self.evaluation_steps, self.snapshots)) + 1).tolist())
        return sorted(end for end in ends if end > done)


class Trainer(keras.Model):
    """Keras model that trains `learner` on `objective`; the data of `fit` are the ends of chunks, counted in
    evaluations.

    Args:
        learner: The network to train.
        objective: Data, loss and evaluation.
        optimizer: Unbuilt Keras optimiser.
        schedule: Length of the run and its evaluations.
        xla: Whether XLA compiles the loop; the attribute can be changed before the first step. XLA is slow for
            convolutions on the CPU, and does not support shapes that depend on values (docs/decisions/engine.md).
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
        self._optimizer_config = optimizer.get_config()
        # Keras' default, "auto", would also compile the code around the loop.
        self.compile(optimizer=optimizer, jit_compile=False)

    def train_step(self, end: tf.Tensor) -> dict[str, tf.Tensor]:
        """Train and evaluate until `end` evaluations are done.

        Args:
            end: Number of evaluations since the start of the run, an int64 scalar.

        Returns:
            `evaluations`: values of the metrics at the new evaluations, float32 [evaluations, metrics].
        """
        done = tf.cast(self.optimizer.iterations.value, tf.int64)
        first = self.schedule.evaluated(done)
        chunk = tf.function(self._train_until, jit_compile=self.xla, autograph=False)
        return {"evaluations": chunk(done, first, end)[: end - first]}

    def _train_until(self, done: tf.Tensor, first: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        """Train from `done` steps and `first` evaluations to `end` evaluations.

        Returns a tensor [longest chunk, metrics], since XLA requires static shapes. Its first end - first rows are the
        evaluations.
        """
        every, last = self.schedule.evaluate_every, self.schedule.n_steps - 1
        variables = self.carried

        def update(step: tf.Tensor, *state: tf.Tensor):
            return step + 1, *self.update(step, *state)

        def until_evaluation(index: tf.Tensor, values: tf.Tensor, *state: tf.Tensor):
            evaluated = tf.minimum(index * every, last)
            state = tf.while_loop(lambda step, *_: step <= evaluated, update, state, parallel_iterations=1)
            with keras.StatelessScope(zip(variables, state[1:], strict=True)):
                value = self.objective.evaluate(self.learner, evaluated)
            value = nan_unless_finite(value, state[1 : 1 + len(self.learner.trainable_variables)])
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
        """Return the values of `carried` after the update of a step.

        Args:
            step: Training step, an int64 scalar.
            *state: Values of `carried` before the update.
        """
        with keras.StatelessScope(zip(self.carried, state, strict=True)) as scope:
            gradients = self.objective.transform_gradients(self.objective.gradients(self.learner, step), step)
            self.optimizer.apply(gradients, self.learner.trainable_variables)
            return [scope.get_current_value(variable) for variable in self.carried]

    @property
    def carried(self) -> list[keras.Variable]:
        """Variables whose values the loop carries from step to step."""
        return [*self.learner.trainable_variables, *self.optimizer.variables]

    def prepare(self) -> None:
        """Trace and compile the loop, if not yet done, by training a chunk without steps."""
        if self.train_function is None:
            self.train_to([self.schedule.evaluated(int(self.optimizer.iterations.numpy()))])

    def train_to(self, ends: Iterable[int], *callbacks: keras.callbacks.Callback) -> None:
        """Train chunk by chunk.

        Args:
            ends: Ends of the chunks, each counted in evaluations.
            *callbacks: Keras callbacks; a batch of `fit` is a chunk.
        """
        chunks = tf.data.Dataset.from_tensor_slices(np.array(ends, np.int64))
        with limited_rewriting(self.optimizer):
            self.fit(without_autotuner(chunks), shuffle=False, verbose=0, callbacks=list(callbacks))

    @property
    def state(self) -> list[np.ndarray]:
        """Values of the weights and of the optimiser's variables."""
        return [variable.numpy() for variable in self._state_variables]

    @state.setter
    def state(self, values: Iterable[np.ndarray]) -> None:
        for variable, value in zip(self._state_variables, values, strict=True):
            variable.assign(value)

    def restart(self, weights: Iterable[np.ndarray]) -> None:
        """Start a new run with a fresh optimiser; the compiled loop is reused.

        Args:
            weights: Initial values of all variables of the learner.
        """
        for variable, value in zip(self.learner.variables, weights, strict=True):
            variable.assign(value)
        # Some optimisers initialise their state with copies of the weights.
        fresh = type(self.optimizer).from_config(self._optimizer_config)
        fresh.build(self.learner.trainable_variables)
        for variable, initial in zip(self.optimizer.variables, fresh.variables, strict=True):
            variable.assign(initial)

    def scale_rate(self, factor: float) -> None:
        """Set the learning rate to a multiple of the configured one.

        Args:
            factor: Multiple of the learning rate that the optimiser was created with.
        """
        self.optimizer.learning_rate.assign(self._optimizer_config["learning_rate"] * factor)

    @property
    def _state_variables(self) -> list[keras.Variable]:
        return [*self.learner.variables, *self.optimizer.variables]


@dataclass(frozen=True)
class Result:
    """Result of a run.

    Attributes:
        values: Values of the metrics at the evaluations, float32 [evaluations, metrics]; shorter than the schedule if
            the run diverged.
        status: ``"ok"``, or ``"diverged"`` if the last row of `values` is not finite. It is NaN if a weight is not
            finite although all metrics are.
        snapshots: Paths of the saved models, by step.
    """

    values: np.ndarray
    status: str
    snapshots: dict[int, Path] = field(default_factory=dict)


def run(trainer: Trainer, checkpoint: Path | None, identity: Any, progress: Progress) -> Result:
    """Train to the end of the schedule, from the checkpoint if there is one and from the trainer's state otherwise.

    Divergence is a result, not an error: the run ends with the first evaluation at which a metric or a weight is not
    finite.

    Args:
        trainer: Trainer in the initial state of the run.
        checkpoint: Path of the checkpoint; None saves none.
        identity: JSON value that determines the run. A checkpoint with another identity is ignored.
        progress: Counter of the trained steps.

    Returns:
        Values, status and snapshots of the run.

    Raises:
        RuntimeError: Training ended before the last evaluation of the schedule although it did not diverge.
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
    values = np.concatenate([np.empty((0, len(trainer.objective.metrics)), np.float32), *callback.evaluations])
    if len(values) < (total := len(trainer.schedule.evaluation_steps)) and not callback.diverged:
        raise RuntimeError(
            f"training ended after {len(values)} of {total} evaluations ({callback.steps} of"
            f" {trainer.schedule.n_steps} steps), so the run is incomplete; run again without what stopped Keras' fit"
        )
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        values = values[: finite.argmin() + 1]
    saved = [step for step in trainer.schedule.snapshots if step in trainer.schedule.evaluation_steps[: len(values)]]
    snapshots = {step: callback.snapshot(step) for step in saved} if checkpoint is not None else {}
    return Result(values, "ok" if finite.all() else "diverged", snapshots)
