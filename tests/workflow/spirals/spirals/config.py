"""Configuration block `spirals`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from failures.config.types import Figure, Learner, Name, Seeds, Settings


class Problem(Settings):
    """Two interleaved spirals, and how long a learner trains on them."""

    n_turns: float = Field(gt=0, le=100)
    """Turns of each spiral."""
    n_steps: int = Field(1000, ge=1)
    """Training steps of a run."""
    evaluate_every: int = Field(100, ge=1)
    """Evaluate after the update at steps 0, this, twice this, ... and the last."""
    checkpoint_every: int = Field(1000, ge=1)
    """Steps between two checkpoints."""


class Config(Settings):
    """Two spirals."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name."""
    spiral_accuracy: Figure
    """Accuracy against steps."""
    seeds: Seeds | None = None
    """Replicates; the shared `seeds` if left out."""


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Give each problem its replicates. Returns a new block."""
    seeds = block["seeds"] or seeds
    return block | {"problems": {name: problem | {"seeds": seeds} for name, problem in block["problems"].items()}}
