"""Configuration block `periodic`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.memory import Footprint, network
from failures.config.types import Family, Figure, JointExperiments, Learner, Name, Names, Replicated, Trained, unique

Dimension = Annotated[int, Field(ge=2, le=1024)]
Waves = Annotated[list[Literal["cosine", "square"]], Field(min_length=1), AfterValidator(unique)]
Targets = Annotated[list[Literal["cosine", "square", "linear"]], Field(min_length=1), AfterValidator(unique)]
Norms = Annotated[list[Annotated[float, Field(gt=0, le=1000)]], Field(min_length=1), AfterValidator(unique)]


class Problem(Trained):
    """Targets psi(<v, x>) of d normal features, and the length of training."""

    n_steps: int = Field(10_000, ge=1, le=100_000_000)
    """Training steps per run."""
    evaluate_every: int = Field(50, ge=1, le=1_000_000)
    """Steps between two evaluations; the first follows the update of step 0, and the last step is always evaluated."""
    n_features: Dimension
    """Input dimension d."""
    waves: Targets = Field(["cosine", "square", "linear"])
    """Functions psi(u): `cosine` is cos(2 pi u), `square` is the sign of cos(2 pi u), and `linear` is u, an easy target
    for comparison."""
    norms: Norms
    """Norms r of v. Each replicate is trained once per pair of a function in `waves` and a norm."""
    evaluation: int = Field(2_000, ge=1, le=1_000_000)
    """Fresh samples per evaluation."""


class Variance(Replicated):
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


class Experiments(JointExperiments):
    """Experiments on linear-periodic targets; each is one figure."""

    linear_periodic: Figure | None = None
    """Unexplained variance (mean squared error divided by the variance of the label) against training steps."""
    linear_periodic_variance: Variance | None = None
    """Gradient variance over the direction of v, against d and r (Theorem 2)."""


class Config(Family):
    """Linear-periodic targets (section 2, Theorem 2)."""

    problems: dict[Name, Problem] = Field(default_factory=dict)
    """Problems that several experiments share, by name."""
    learners: dict[Name, Learner] = Field(default_factory=dict)
    """Learners that several experiments share, by name, all with `loss: square`."""
    experiments: Experiments
    """Experiments by name; each is one figure."""

    @model_validator(mode="after")
    def _losses_are_square(self) -> Config:
        for name, learner in self.learners.items():
            if learner.loss != "square":
                raise ValueError(f"learners.{name}.loss = '{learner.loss}': must be 'square', as in Theorem 2")
        return self


def footprint(problem: dict[str, Any], learner: dict[str, Any]) -> Footprint:
    """Return the numbers that the training of a learner on a problem holds.

    Args:
        problem: Validated block of a problem.
        learner: Validated block of a learner.
    """
    sizes = network(problem["n_features"], learner)
    return Footprint(*sizes, learner["batch_size"], problem["evaluation"])
