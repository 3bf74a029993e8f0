"""Configuration block `portfolio`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.types import Family, Figure, Name, Optimizer, RateFactors, Seeds, Settings, check_figure, unique

Count = Annotated[int, Field(ge=1, le=100_000)]
States = Annotated[int, Field(ge=2, le=100_000)]


class Problem(Settings):
    """A market with d states and k stocks, and the length of training."""

    n_features: States = 1000
    """Number of states of the market, d."""
    n_stocks: Count
    """Number of stocks, k."""
    rate_factors: RateFactors = Field([1.0])
    """Factors of the learner's learning rate; each replicate is trained once per factor."""
    n_steps: int = Field(2501, ge=1, le=100_000_000)
    """Training steps per run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Steps between two evaluations; the first follows the update of step 0, and the last step is always evaluated."""
    evaluation: int = Field(500, ge=1, le=1_000_000)
    """Fresh samples per evaluation for the sampled metrics; all other metrics are exact."""
    checkpoint_every: int = Field(1000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""
    seeds: Seeds | None = None
    """Seeds of this problem's replicates; null uses the shared `seeds`."""


class Learner(Settings):
    """The portfolio p = softmax(W x + b), the gradient estimator that trains it, and its optimiser. p holds the share
    of money on each stock in the state x."""

    method: Literal["end_to_end", "decomposition"]
    """Gradient estimator per sample. `end_to_end`: the gradient of the negative return -<z, p>, where z holds the
    rewards of the stocks, each -1 or 1. `decomposition`: the gradient of -p_y, where y is the stock that rises. Both
    have the same expectation."""
    batch_size: int = Field(100, ge=1, le=1_000_000)
    """Samples per step, drawn afresh."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """Keras optimiser and its arguments."""


class Initial(Settings):
    """Gradient estimators at initialisation."""

    n_features: States = 1000
    """Number of states of the market, d."""
    n_stocks: Annotated[list[Count], Field(min_length=2), AfterValidator(unique)]
    """Numbers of stocks, k. With k = 1 there is no choice and both gradients are 0."""
    n_samples: int = Field(500, ge=1, le=1_000_000)
    """Number of samples from which each second moment is estimated, in addition to the exact value."""
    seeds: Seeds | None = None
    """Seeds of the replicates; null uses the shared `seeds`."""


class EstimatorVariance(Settings):
    """Figure of the second moments of the two gradient estimators."""

    initial: Initial
    """Estimators at initialisation, against k."""
    trained: Figure
    """Estimators during training."""


class Config(Family):
    """Portfolio (section 3, Figure 4)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; a problem is trained only if a figure selects it."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; a learner is trained only if a figure selects it."""
    fig4: Figure
    """Figure 4: expected loss against training steps."""
    estimator_variance: EstimatorVariance
    """Second moment of the end-to-end gradient estimator, divided by that of the decomposition."""
    portfolio_rates: Figure
    """Learning-rate sweep: loss at the end of training, for problems with several `rate_factors`."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        trained = self.estimator_variance.trained
        figures = {"fig4": self.fig4, "estimator_variance.trained": trained, "portfolio_rates": self.portfolio_rates}
        for name, figure in figures.items():
            check_figure(figure, self.problems, self.learners, name)
            sizes = [self.problems[problem].n_stocks for problem in figure.problems]
            if len(set(sizes)) < len(sizes):
                raise ValueError(f"{name}.problems: two problems have the same n_stocks; select one of them")
        for name in ("fig4", "estimator_variance.trained"):
            for problem in figures[name].problems:
                if len(self.problems[problem].rate_factors) > 1:
                    raise ValueError(f"{name}.problems: '{problem}' must have a single value in rate_factors")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Insert the shared seeds where a key `seeds` is null.

    block: a validated `portfolio` block. variant: not used. Returns a new block.
    """
    problems = {name: problem | {"seeds": problem["seeds"] or seeds} for name, problem in block["problems"].items()}
    variance = block["estimator_variance"]
    initial = variance["initial"] | {"seeds": variance["initial"]["seeds"] or seeds}
    return block | {"problems": problems, "estimator_variance": variance | {"initial": initial}}
