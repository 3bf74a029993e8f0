"""Memory of training jobs, estimated from the settings: enough for large networks, batches and data."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Memory in MB of Python and TensorFlow with a small network.
BASE = 900
# Copies of a weight: itself, its gradient, two values of the optimiser, those that the training loop carries, and the
# checkpoint.
COPIES = 12
# Copies of a layer's output per training sample: the value, its gradient and a temporary one.
TRAINING_COPIES = 4
# Outputs of layers that an evaluation holds at once, without gradients.
EVALUATION_COPIES = 4


@dataclass(frozen=True)
class Footprint:
    """Numbers of four bytes that a training job holds.

    Attributes:
        weights: Weights of the network.
        units: Inputs and outputs of all layers for one sample.
        widest: Outputs of the widest layer for one sample.
        batch: Samples per training step.
        evaluation: Samples per evaluation.
        data: Numbers of the training and validation sets.
    """

    weights: int
    units: int
    widest: int
    batch: int
    evaluation: int = 0
    data: int = 0

    @property
    def megabytes(self) -> int:
        """Estimated memory of the job in MB, rounded up to hundreds."""
        training = TRAINING_COPIES * self.batch * self.units
        evaluation = EVALUATION_COPIES * self.evaluation * self.widest
        numbers = COPIES * self.weights + training + evaluation + self.data
        return BASE + -(-4 * numbers // 10**8) * 100


def layers(sizes: Sequence[int]) -> tuple[int, int, int]:
    """Return the weights, the units and the widest layer of dense layers, by their sizes from inputs to outputs."""
    weights = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(sizes))
    return weights, sum(sizes), max(sizes)


def network(n_inputs: int, learner: dict[str, Any]) -> tuple[int, int, int]:
    """Return the weights, the units and the widest layer of a `failures.config.types.Learner`.

    Args:
        n_inputs: Input dimension.
        learner: Validated block.
    """
    width, depth = learner["width"], learner["depth"]
    width = width if isinstance(width, int) else int(width[:-1]) * n_inputs
    if learner["architecture"] == "convolutional":
        return (3 * width + 1) * width * depth + n_inputs * width, n_inputs * (1 + width * depth), n_inputs * width
    features = n_inputs * (n_inputs + 3) // 2 if learner["architecture"] == "quadratic" else n_inputs
    return layers([features, *[width] * depth, 1])
