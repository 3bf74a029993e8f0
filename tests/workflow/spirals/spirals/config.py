"""Configuration block `spirals`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from failures.config.types import Family, Figure, JointExperiments, Learner, Name, Trained


class Problem(Trained):
    """Two interleaved spirals, and the length of training."""

    n_turns: float = Field(gt=0, le=100)
    """Turns of each spiral."""


class Experiments(JointExperiments):
    """Experiments on spirals; each is one figure."""

    spiral_accuracy: Figure | None = None
    """Accuracy against training steps."""


class Config(Family):
    """Two spirals."""

    problems: dict[Name, Problem] = Field(default_factory=dict)
    """Problems that several experiments share, by name."""
    learners: dict[Name, Learner] = Field(default_factory=dict)
    """Learners that several experiments share, by name."""
    experiments: Experiments
    """Experiments by name; each is one figure."""


def resolve(block: dict[str, Any]) -> dict[str, Any]:
    """Return a validated `spirals` block as it is; it has no placeholders."""
    return block
