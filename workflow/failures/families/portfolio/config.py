"""Configuration block `portfolio`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.memory import Footprint, layers
from failures.config.types import (
    Family,
    Figure,
    JointExperiments,
    Name,
    Optimizer,
    Replicated,
    Settings,
    Streamed,
    Trained,
    unique,
)

Count = Annotated[int, Field(ge=1, le=100_000)]
States = Annotated[int, Field(ge=2, le=100_000)]


class Problem(Trained):
    """A market with d states and k stocks, and the length of training."""

    n_steps: int = Field(2501, ge=1, le=100_000_000)
    """Training steps per run."""
    checkpoint_every: int = Field(1000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""
    n_features: States = 1000
    """Number of states of the market, d."""
    n_stocks: Count
    """Number of stocks, k."""
    evaluation: int = Field(500, ge=1, le=1_000_000)
    """Fresh samples per evaluation for the sampled metrics; all other metrics are exact."""


class Learner(Streamed):
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


class Initial(Replicated):
    """Gradient estimators at initialisation."""

    n_features: States = 1000
    """Number of states of the market, d."""
    n_stocks: Annotated[list[Count], Field(min_length=2), AfterValidator(unique)]
    """Numbers of stocks, k. With k = 1 there is no choice and both gradients are 0."""
    n_samples: int = Field(500, ge=1, le=1_000_000)
    """Number of samples from which each second moment is estimated, in addition to the exact value."""


class EstimatorVariance(Settings):
    """Figure of the second moments of the two gradient estimators."""

    initial: Initial
    """Estimators at initialisation, against k."""
    trained: Figure
    """Estimators during training."""


class Experiments(JointExperiments):
    """Experiments on the portfolio; each is one figure."""

    fig4: Figure | None = None
    """Figure 4: expected loss against training steps."""
    estimator_variance: EstimatorVariance | None = None
    """Second moment of the end-to-end gradient estimator, divided by that of the decomposition."""
    portfolio_rates: Figure | None = None
    """Learning-rate sweep: loss at the end of training, for problems with several `rate_factors`."""


class Config(Family):
    """Portfolio (section 3, Figure 4)."""

    problems: dict[Name, Problem] = Field(default_factory=dict)
    """Problems that several experiments share, by name."""
    learners: dict[Name, Learner] = Field(default_factory=dict)
    """Learners that several experiments share, by name."""
    experiments: Experiments
    """Experiments by name; each is one figure."""

    @model_validator(mode="after")
    def _problems_differ(self) -> Config:
        for name, block in self.experiments.of_kind("fig4", "estimator_variance", "portfolio_rates"):
            inner = isinstance(block, EstimatorVariance)
            figure, where = (block.trained, f"experiments.{name}.trained") if inner else (block, f"experiments.{name}")
            sizes = [self.problems[problem].n_stocks for problem in figure.problems]
            if len(set(sizes)) < len(sizes):
                raise ValueError(f"{where}.problems: two problems have the same n_stocks; select one of them")
            for problem in figure.problems:
                if self.experiments.kinds[name] != "portfolio_rates" and len(self.problems[problem].rate_factors) > 1:
                    raise ValueError(f"{where}.problems: '{problem}' must have a single value in rate_factors")
        return self


def footprint(problem: dict[str, Any], learner: dict[str, Any]) -> Footprint:
    """Return the numbers that the training of a learner on a problem holds.

    Args:
        problem: Validated block of a problem.
        learner: Validated block of a learner.
    """
    sizes = layers([problem["n_features"], problem["n_stocks"]])
    return Footprint(*sizes, learner["batch_size"], problem["evaluation"])
