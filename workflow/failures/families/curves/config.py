"""Configuration block `curves`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.memory import Footprint, layers
from failures.config.types import (
    Family,
    JointExperiments,
    Name,
    Optimizer,
    Saved,
    Seed,
    Settings,
    Single,
    Streamed,
    unique,
)

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Counts = Annotated[list[Count], Field(min_length=1), AfterValidator(unique)]
Sizes = Annotated[list[Annotated[int, Field(ge=10, le=10_000)]], Field(min_length=2), AfterValidator(unique)]
Step = Annotated[int, Field(ge=0)]


class Problem(Saved):
    """Training sets of piecewise linear curves, and the length of training."""

    n_steps: int = Field(50_001, ge=1, le=100_000_000)
    """Training steps per run."""
    checkpoint_every: int = Field(10_000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""
    n_points: int = Field(100, ge=10, le=10_000)
    """Points per curve, n."""
    n_pieces: int = Field(3, ge=1, le=1000)
    """Breakpoints per curve, k. A curve is 0 before its first breakpoint, so k breakpoints start k sloped pieces.
    Values other than 3 require `distribution: uniform`."""
    distribution: Literal["slopes", "uniform"] = "slopes"
    """Distribution of the curves. `slopes` (the authors' scripts): three breakpoints, each at least three points from
    both ends; the slopes of the pieces are one of four triples. `uniform` (the paper's text): breakpoints anywhere and
    changes of slope uniform on [-1, 1]."""
    n_curves: Counts = Field([10_000])
    """Sizes of the training set; each replicate is trained once per size."""
    n_validation: Count = 1000
    """Number of validation curves, on which all errors are computed."""

    @model_validator(mode="after")
    def _curves_exist(self) -> Problem:
        if self.n_pieces > self.n_points:
            raise ValueError(f"n_pieces = {self.n_pieces} must be at most n_points = {self.n_points}")
        if self.n_pieces != 3 and self.distribution != "uniform":
            raise ValueError(f"n_pieces = {self.n_pieces} requires distribution: uniform; the authors' scripts have 3")
        return self


class Learner(Streamed):
    """A model that locates the breakpoints of a curve, and its optimiser."""

    architecture: Literal["linear", "convolution", "autoencoder"]
    """Type of model. `linear`: an n x n matrix, initially zero. `convolution`: one filter of three taps, initially
    zero. `autoencoder`: ReLU layers of 500, 100, 2k, 100 and 100 units and n linear outputs, trained to reproduce the
    curve."""
    conditioned: bool = False
    """Multiply the inputs by C^(-1/2), where C is their second-moment matrix over the training set. The inputs are
    whole curves (`linear`) or patches of three points (`convolution`). Not supported for `autoencoder`."""
    depth: int = Field(0, ge=0, le=256)
    """Number of additional hidden layers of 100 ReLU units in the autoencoder. It must be even: half of the layers
    precede the code layer of 2k units, half follow it."""
    residual: bool = False
    """Add a shortcut around each additional layer and divide the branch by `depth`."""
    initial_weights: Literal["scripts"] | Annotated[float, Field(gt=0, le=1000)] = "scripts"
    """Distribution of the autoencoder's initial weights. `scripts`: normal with standard deviation 1/sqrt(fan-in),
    truncated at two standard deviations, as in the authors' scripts. A number sigma: normal with standard deviation
    sigma/sqrt(fan-in) in the hidden layers (1.414 is He initialisation for ReLU) and 1/sqrt(fan-in) in the output
    layer."""
    batch_size: int = Field(100, ge=1, le=1_000_000)
    """Training curves per step, drawn with replacement."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """Keras optimiser and its arguments."""

    @model_validator(mode="after")
    def _conditioning_is_defined(self) -> Learner:
        if self.conditioned and self.architecture == "autoencoder":
            raise ValueError("conditioned: not supported for the architecture autoencoder; use linear or convolution")
        return self

    @model_validator(mode="after")
    def _depth_is_of_an_autoencoder(self) -> Learner:
        if self.depth % 2:
            raise ValueError(f"depth = {self.depth} must be even: half of the layers precede the code layer")
        for key, is_set in (("depth", self.depth > 0), ("initial_weights", self.initial_weights != "scripts")):
            if is_set and self.architecture != "autoencoder":
                raise ValueError(f"{key}: only supported for the architecture autoencoder, not {self.architecture}")
        if self.residual and not self.depth:
            raise ValueError("residual: requires a depth of at least 2")
        return self


class Decoded(Single):
    """Figure of decoded curves, for the first replicate of one problem."""

    steps: Annotated[list[Step], Field(min_length=1), AfterValidator(unique)]
    """Steps whose saved networks decode the curves; each must be among the problem's `snapshots`."""
    n_shown: int = Field(2, ge=1, le=100)
    """Number of validation curves shown, starting with the first."""


class Errors(Settings):
    """Figure of the reconstruction error."""

    training: Single
    """Runs for the error against training steps; the problem has a single value in `n_curves`."""
    samples: Single
    """Runs for the final error against the size of the training set; the problem has several values in `n_curves`."""


class ConditionNumbers(Settings):
    """Figure of the condition numbers."""

    n_points: Sizes
    """Points per curve, n."""
    fitted_from: int = Field(100, ge=10)
    """Smallest n in the power-law fits; each fit gives the exponent a of a condition number that grows as n^a. At least
    two values of `n_points` must be this large."""
    n_curves: Count = 10_000
    """Number of random curves from which C is estimated, the second-moment matrix of patches of three points."""
    seed: Seed = 0
    """Seed of these curves."""


class Rates(Settings):
    """Figure of gradient descent in the setting of Lemma 2 and Theorem 3."""

    n_points: Sizes
    """Points per curve, n. For each n, the figure shows the number of iterations."""
    simulated_up_to: int = Field(14, ge=0, le=40)
    """Largest n for which gradient descent on the linear learner is also simulated. The number of iterations grows as
    n^4."""
    step_sizes: Annotated[list[Annotated[float, Field(gt=0, lt=10)]], Field(min_length=1), AfterValidator(unique)]
    """Normalised step sizes eta lambda S_11^2. eta is the learning rate, and lambda the second moment of each change of
    slope. S_11 is the largest singular value of the decoder matrix W, which maps the changes of slope p to the curve f
    = W p. Gradient descent diverges above 2; choose values on both sides of 2."""
    n_replicates: int = Field(200, ge=1, le=100_000)
    """Number of runs of stochastic gradient descent whose weights are averaged; Lemma 2 predicts this average."""


class Experiments(JointExperiments):
    """Experiments on piecewise linear curves; each is one figure."""

    fig6: Decoded | None = None
    """Figure 6: decoded curves."""
    curve_errors: Errors | None = None
    """Reconstruction error against training steps and against the size of the training set."""
    condition_numbers: ConditionNumbers | None = None
    """Condition numbers against n, the points per curve."""
    conditioning_rates: Rates | None = None
    """Iterations of gradient descent, from the formulas of Lemma 2 and Theorem 3 and from simulations."""


class Config(Family):
    """Piecewise linear curves (section 4, Figure 6)."""

    problems: dict[Name, Problem] = Field(default_factory=dict)
    """Problems that several experiments share, by name."""
    learners: dict[Name, Learner] = Field(default_factory=dict)
    """Learners that several experiments share, by name."""
    experiments: Experiments
    """Experiments by name; each is one figure."""

    @model_validator(mode="after")
    def _problems_fit_their_figures(self) -> Config:
        figures = {name: block for name, block in self.experiments.of_kind("fig6")}
        figures |= {f"{name}.training": block.training for name, block in self.experiments.of_kind("curve_errors")}
        for name, figure in figures.items():
            (problem,) = figure.problems
            if len(self.problems[problem].n_curves) > 1:
                raise ValueError(f"experiments.{name}.problems: '{problem}' must have a single value in n_curves")
            for step in getattr(figure, "steps", ()):
                if step not in self.problems[problem].snapshots:
                    raise ValueError(f"experiments.{name}.steps: {step} is not among the snapshots of '{problem}'")
        return self

    @model_validator(mode="after")
    def _fits_have_points(self) -> Config:
        for name, numbers in self.experiments.of_kind("condition_numbers"):
            if sum(n >= numbers.fitted_from for n in numbers.n_points) < 2:
                raise ValueError(
                    f"experiments.{name}.fitted_from = {numbers.fitted_from}: fewer than two values of n_points are"
                    " this large; lower fitted_from or add larger values"
                )
        return self


def footprint(problem: dict[str, Any], learner: dict[str, Any]) -> Footprint:
    """Return the numbers that the training of a learner on a problem holds.

    Args:
        problem: Validated block of a problem.
        learner: Validated block of a learner.
    """
    n_points = problem["n_points"]
    hidden = [500, 100, 2 * problem["n_pieces"], *[100] * (2 + learner["depth"])]
    sizes = layers([n_points, *(hidden if learner["architecture"] == "autoencoder" else ()), n_points])
    data = n_points * (max(problem["n_curves"]) + problem["n_validation"])
    return Footprint(*sizes, learner["batch_size"], problem["n_validation"], 8 * data)
