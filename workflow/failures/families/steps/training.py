"""Training of a learner on step functions (section 5)."""

from __future__ import annotations

from typing import Any

import keras

from failures.engine import learners
from failures.engine.seeding import DATA, EVALUATION, INIT, Streams
from failures.engine.training import Schedule, Trainer
from failures.families.steps import flat
from failures.families.steps.objective import StepObjective
from failures.families.steps.problem import OFFSETS, hidden_layers, parse_direction

# The initial standard deviation of w is 1 / sqrt(d), as in the scripts (0.1 at d = 100).
AFFINE = {"architecture": "fully_connected", "depth": 0, "width": 1, "activation": "linear", "normalization": "none"}


class Training:
    """One learner on one problem; `begin` starts the run of a trial (see `failures.engine.blocks`).

    Args:
        problem: Validated block of `steps.problems`.
        learner: Validated block of `steps.learners`.
    """

    def __init__(self, problem: dict[str, Any], learner: dict[str, Any]):
        self.streams = Streams("steps", problem["stream"])
        self.learner, self.n_features = learner, problem["n_features"]
        self.objective = StepObjective(self.n_features, problem["input_scale"], problem["evaluation"], learner)
        schedule = Schedule(problem["n_steps"], problem["evaluate_every"], problem["checkpoint_every"])
        optimizer = learners.optimizer(learner["optimizer"])
        self.trainer = Trainer(self._network("template"), self.objective, optimizer, schedule)

    def begin(self, trial: Any) -> None:
        """Set the trainer's target, random streams and initial weights to those of a trial.

        All learners of a replicate have the same inputs. Those with an affine map have the same initial weights.

        Args:
            trial: Row of `failures.families.steps.problem.draw_instances`.
        """
        direction = parse_direction(trial.direction)
        seeds = (self.streams.seed(trial.seed, purpose) for purpose in (DATA, EVALUATION))
        self.objective.assign(direction, trial.bias, *seeds)
        model = self._network(trial.seed)
        if self.learner["kind"] not in ("end_to_end", "multiclass"):
            *others, bias = model.get_weights()
            model.set_weights([*others, bias + trial.initial_bias])
        self.trainer.restart(model.get_weights())

    def _network(self, seed: int | str) -> keras.Model:
        stream = self.streams.key(seed, INIT)
        return network(self.n_features, self.learner, *stream)


def network(n_features: int, learner: dict[str, Any], *path: str | int) -> keras.Model:
    """Build the network of a learner, with one linear output, or one per class.

    Args:
        n_features: Input dimension, d.
        learner: Validated block of `steps.learners`.
        *path: Name of the random stream of the weights.

    Returns:
        A model [batch, n_features] -> [batch, 1 or n_logits].
    """
    depth = hidden_layers(learner["kind"], learner.get("depth"))
    layers = AFFINE | {"width": learner["width"], "activation": "relu", "depth": depth}
    match learner["kind"]:
        case "end_to_end":
            layers["initial_weights"] = learner.get("initial_weights", "scripts")
            if learner.get("residual"):
                layers |= {"architecture": "residual", "branch_scale": "depth"}
            return learners.network(n_features, layers, *path, "end_to_end")
        case "multiclass":
            n_logits = max(learner["n_logits"], len(OFFSETS))
            return learners.network(n_features, layers, *path, "multiclass", n_outputs=n_logits)
        case "forward_only" if depth:
            return flat.network(n_features, learner, *path, "forward_only")
    return learners.network(n_features, AFFINE, *path, "affine")
