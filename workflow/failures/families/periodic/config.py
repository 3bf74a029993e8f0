"""Configuration block `periodic`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.types import (
    Family,
    Figure,
    Learner,
    Name,
    Names,
    RateFactors,
    Seeds,
    Settings,
    check_selected,
    unique,
)

Dimension = Annotated[int, Field(ge=2, le=1024)]
Waves = Annotated[list[Literal["cosine", "square"]], Field(min_length=1), AfterValidator(unique)]
Targets = Annotated[list[Literal["cosine", "square", "linear"]], Field(min_length=1), AfterValidator(unique)]
Norms = Annotated[list[Annotated[float, Field(gt=0, le=1000)]], Field(min_length=1), AfterValidator(unique)]


class Problem(Settings):
    """Targets psi(<v, x>) of d normal features, and the length of training."""

    n_features: Dimension
    """Input dimension d."""
    waves: Targets = Field(["cosine", "square", "linear"])
    """Functions psi(u): `cosine` is cos(2 pi u), `square` is the sign of cos(2 pi u), and `linear` is u, an easy target
    for comparison."""
    norms: Norms
    """Norms r of v. Each replicate is trained once per pair of a function in `waves` and a norm."""
    rate_factors: RateFactors = Field([1.0])
    """Factors of the learner's learning rate; each replicate is trained once per factor."""
    n_steps: int = Field(10_000, ge=1, le=100_000_000)
    """Training steps per run."""
    evaluate_every: int = Field(50, ge=1, le=1_000_000)
    """Steps between two evaluations; the first follows the update of step 0, and the last step is always evaluated."""
    evaluation: int = Field(2_000, ge=1, le=1_000_000)
    """Fresh samples per evaluation."""
    checkpoint_every: int = Field(5_000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""
    seeds: Seeds | None = None
    """Seeds of this problem's replicates; null uses the shared `seeds`."""


class Variance(Settings):
    """Figure of the gradient variance at initialisation, over the direction of v."""

    learners: Names
    """Learners of this family, by name. The variance is computed exactly for one hidden ReLU layer and estimated by
    Monte Carlo for every learner."""
    waves: Waves = Field(["cosine", "square"])
    """Periodic functions psi(u), as in `problems`."""
    n_features: Annotated[list[Dimension], Field(min_length=2), AfterValidator(unique)]
    """Dimensions d of the Monte Carlo estimates and of the curves against r. The curves against d include every d from
    the smallest to the largest."""
    norms: Norms
    """Norms r of the Monte Carlo estimates and of the curves against d. The curves against r extend to four times the
    largest norm."""
    n_pairs: int = Field(50, ge=2, le=100_000)
    """Pairs of random directions per estimate; the standard error is computed over the pairs."""
    n_samples: int = Field(4_000, ge=2, le=1_000_000)
    """Samples per batch. Each pair of directions uses two independent batches, and both directions see the same
    samples."""
    seeds: Seeds | None = None
    """Seeds of the initial weights; null uses the shared `seeds`."""


class Config(Family):
    """Linear-periodic targets (section 2, Theorem 2)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; a problem is trained only if a figure selects it."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name, all with `loss: square`; a learner is used only if a figure selects it."""
    linear_periodic: Figure
    """Unexplained variance (mean squared error divided by the variance of the label) against training steps."""
    linear_periodic_variance: Variance
    """Gradient variance over the direction of v, against d and r (Theorem 2)."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        figure = self.linear_periodic
        check_selected(figure.problems, self.problems, "problem", "linear_periodic.problems")
        for name, selected in (("", figure), ("_variance", self.linear_periodic_variance)):
            check_selected(selected.learners, self.learners, "learner", f"linear_periodic{name}.learners")
        for name, learner in self.learners.items():
            if learner.loss != "square":
                raise ValueError(f"learners.{name}.loss = '{learner.loss}': must be 'square', as in Theorem 2")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Insert the shared seeds where a key `seeds` is null.

    block: a validated `periodic` block. variant: not used. Returns a new block.
    """
    problems = {name: problem | {"seeds": problem["seeds"] or seeds} for name, problem in block["problems"].items()}
    variance = block["linear_periodic_variance"]
    variance = variance | {"seeds": variance["seeds"] or seeds}
    return block | {"problems": problems, "linear_periodic_variance": variance}
