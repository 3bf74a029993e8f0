"""Configuration block `portfolio`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.settings import Family, Figure, Name, Optimizer, RateFactors, Seeds, Settings, check_figure, unique

Count = Annotated[int, Field(ge=1, le=100_000)]
States = Annotated[int, Field(ge=2, le=100_000)]


class Problem(Settings):
    """A market of d states and k stocks, and how long a learner trains on it."""

    n_features: States = 1000
    """Number of states of the market, d."""
    n_stocks: Count
    """Number of stocks, k."""
    rate_factors: RateFactors = Field([1.0])
    """Each replicate is trained once for each of these multiples of the learner's learning rate."""
    n_steps: int = Field(2501, ge=1, le=100_000_000)
    """Training steps of a run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Evaluate after the update at steps 0, this, twice this, ... and the last."""
    evaluation: int = Field(500, ge=1, le=1_000_000)
    """Fresh samples of the sampled values; the others are exact."""
    checkpoint_every: int = Field(1000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to whole evaluations; an interrupted run resumes from the last."""
    seeds: Seeds | None = None
    """Replicates of this problem; the shared `seeds` if left out."""


class Learner(Settings):
    """The portfolio softmax(W x + b), the gradient that it learns from and its optimiser."""

    method: Literal["end_to_end", "decomposition"]
    """Gradient of one sample: `end_to_end`, that of the return -<z, p>; `decomposition`, that of -p_y, which knows
    the stock that rises. Both have the same mean."""
    batch_size: int = Field(100, ge=1, le=1_000_000)
    """Fresh samples for each step."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """The optimiser."""


class Initial(Settings):
    """Networks at initialisation."""

    n_features: States = 1000
    """Number of states, d."""
    n_stocks: Annotated[list[Count], Field(min_length=2), AfterValidator(unique)]
    """Numbers of stocks k. With one stock there is nothing to choose, and both gradients are 0."""
    n_samples: int = Field(500, ge=1, le=1_000_000)
    """Samples of the sampled moments."""
    seeds: Seeds | None = None
    """Replicates; the shared `seeds` if left out."""


class EstimatorVariance(Settings):
    """What a figure of the estimators' second moments shows."""

    initial: Initial
    """Before training, against k."""
    trained: Figure
    """Along training."""


class Config(Family):
    """Portfolio (section 3, Figure 4)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; only those that a figure selects are trained."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; only those that a figure selects are trained."""
    fig4: Figure
    """Expected loss against steps."""
    estimator_variance: EstimatorVariance
    """Second moment of the end-to-end gradient over that of the decomposition's."""
    portfolio_rates: Figure
    """Loss at the end against the learning rate (problems with `rate_factors`)."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        trained = self.estimator_variance.trained
        figures = {"fig4": self.fig4, "estimator_variance.trained": trained, "portfolio_rates": self.portfolio_rates}
        for name, figure in figures.items():
            check_figure(figure, self.problems, self.learners, name)
            sizes = [self.problems[problem].n_stocks for problem in figure.problems]
            if len(set(sizes)) < len(sizes):
                raise ValueError(f"{name}.problems: two of them have the same n_stocks")
        for name in ("fig4", "estimator_variance.trained"):
            for problem in figures[name].problems:
                if len(self.problems[problem].rate_factors) > 1:
                    raise ValueError(f"{name}.problems: '{problem}' must have a single value in rate_factors")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Give the shared seeds to what has none of its own.

    block: a validated `portfolio` block. variant: means nothing here. Returns a new block.
    """
    problems = {name: problem | {"seeds": problem["seeds"] or seeds} for name, problem in block["problems"].items()}
    variance = block["estimator_variance"]
    initial = variance["initial"] | {"seeds": variance["initial"]["seeds"] or seeds}
    return block | {"problems": problems, "estimator_variance": variance | {"initial": initial}}
