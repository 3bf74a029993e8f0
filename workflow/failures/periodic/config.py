"""Configuration block `periodic`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.settings import (
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
    """Targets psi(<v, x>) of d normal features, and how long a learner trains on one."""

    n_features: Dimension
    """Input dimension d."""
    waves: Targets = Field(["cosine", "square", "linear"])
    """psi(u): `cosine` cos(2 pi u); `square` its sign; `linear` u itself, the easy target beside the waves."""
    norms: Norms
    """Norms r of v; each wave is a target at each of them."""
    rate_factors: RateFactors = Field([1.0])
    """Each replicate is trained once for each of these multiples of the learner's learning rate."""
    n_steps: int = Field(10_000, ge=1, le=100_000_000)
    """Training steps of a run."""
    evaluate_every: int = Field(50, ge=1, le=1_000_000)
    """Evaluate after the update at steps 0, this, twice this, ... and the last."""
    evaluation: int = Field(2_000, ge=1, le=1_000_000)
    """Samples of an evaluation, drawn afresh."""
    checkpoint_every: int = Field(5_000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to whole evaluations; an interrupted run resumes from the last."""
    seeds: Seeds | None = None
    """Replicates of this problem; the shared `seeds` if left out."""


class Variance(Settings):
    """What a figure of gradient variances at initialisation shows, and the effort of its Monte Carlo estimates."""

    learners: Names
    """Names of learners. Quadrature exists for one hidden layer of ReLU; the others have estimates alone."""
    waves: Waves = Field(["cosine", "square"])
    """Periodic psi(u), as in a problem."""
    n_features: Annotated[list[Dimension], Field(min_length=2), AfterValidator(unique)]
    """Dimensions d of the estimates, and of the lines against r; the lines against d have every d between."""
    norms: Norms
    """Norms r of the estimates, and of the lines against d; the lines against r go on to four times the largest."""
    n_pairs: int = Field(50, ge=2, le=100_000)
    """Pairs of directions of an estimate; its standard error is taken over them."""
    n_samples: int = Field(4_000, ge=2, le=1_000_000)
    """Samples of each of the two batches that a pair's gradients are averaged over."""
    seeds: Seeds | None = None
    """Replicates of the initial weights; the shared `seeds` if left out."""


class Config(Family):
    """Linear-periodic targets (section 2, Theorem 2)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; only those that a figure selects are trained."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name, all with the square loss; only those that a figure selects are used."""
    linear_periodic: Figure
    """Unexplained variance against steps."""
    linear_periodic_variance: Variance
    """Gradient variance over the direction of v against d and r."""

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
    """Give the shared seeds to what has none of its own.

    block: a validated `periodic` block. variant: means nothing here. Returns a new block.
    """
    problems = {name: problem | {"seeds": problem["seeds"] or seeds} for name, problem in block["problems"].items()}
    variance = block["linear_periodic_variance"]
    variance = variance | {"seeds": variance["seeds"] or seeds}
    return block | {"problems": problems, "linear_periodic_variance": variance}
