"""Configuration block `curves`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.settings import (
    Family,
    Name,
    Optimizer,
    RateFactors,
    Seed,
    Seeds,
    Settings,
    Single,
    check_figure,
    unique,
)

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Counts = Annotated[list[Count], Field(min_length=1), AfterValidator(unique)]
Sizes = Annotated[list[Annotated[int, Field(ge=10, le=10_000)]], Field(min_length=2), AfterValidator(unique)]
Step = Annotated[int, Field(ge=0)]


class Problem(Settings):
    """Piecewise linear curves, and how long a learner trains on them."""

    n_points: int = Field(100, ge=10, le=10_000)
    """Points of a curve, n."""
    n_pieces: int = Field(3, ge=1, le=1000)
    """Breakpoints of a curve, k."""
    distribution: Literal["variant", "slopes", "uniform"] = "variant"
    """Curves: `slopes`, three breakpoints away from the ends and one of four triples of slopes (the scripts);
    `uniform`, breakpoints anywhere and changes of slope uniform on [-1, 1] (the text); `variant` follows the key
    `variant`."""
    n_curves: Counts = Field([10_000])
    """Sizes of the training set; each replicate is trained once on each."""
    n_validation: Count = 1000
    """Validation curves, which all errors are taken over."""
    rate_factors: RateFactors = Field([1.0])
    """Each replicate is trained once for each of these multiples of the learner's learning rate."""
    n_steps: int = Field(50_001, ge=1, le=100_000_000)
    """Training steps of a run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Evaluate after the update at steps 0, this, twice this, ... and the last."""
    checkpoint_every: int = Field(10_000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to whole evaluations; an interrupted run resumes from the last."""
    snapshots: list[Step] = Field(default_factory=list)
    """Steps of evaluations after which the network is kept."""
    seeds: Seeds | None = None
    """Replicates of this problem; the shared `seeds` if left out."""

    @model_validator(mode="after")
    def _curves_exist(self) -> Problem:
        if self.n_pieces > self.n_points:
            raise ValueError(f"n_pieces = {self.n_pieces} must be at most n_points = {self.n_points}")
        if self.n_pieces != 3 and self.distribution != "uniform":
            raise ValueError(f"n_pieces = {self.n_pieces} needs distribution: uniform; the scripts' curves have 3")
        for step in self.snapshots:
            if step >= self.n_steps or (step % self.evaluate_every and step != self.n_steps - 1):
                raise ValueError(f"snapshots: {step} is no step of an evaluation (every {self.evaluate_every})")
        return self


class Learner(Settings):
    """What finds the breakpoints of a curve, and its optimiser."""

    architecture: Literal["linear", "convolution", "autoencoder"]
    """`linear`, an n x n matrix, from zero; `convolution`, one filter of three taps, from zero; `autoencoder`, ReLU
    layers of 500, 100, 2k, 100, 100 units and n outputs, trained to give the curve back."""
    conditioned: bool = False
    """Whether the inputs (curves, or patches of three points) are multiplied by C^(-1/2), C their second moment over
    the training set. Not for the autoencoder."""
    depth: int = Field(0, ge=0, le=256)
    """Further hidden layers of the autoencoder, of 100 ReLU units, half of them before its code and half behind it: an
    even number."""
    residual: bool = False
    """Whether each of these has a shortcut around it; what it adds is then divided by the depth."""
    initial_weights: Literal["scripts"] | Annotated[float, Field(gt=0, le=1000)] = "scripts"
    """Spread of the autoencoder's initial weights, as of the learners of parities: `scripts`, or sigma, for a normal of
    sigma/sqrt(fan in) in the hidden layers (1.414 is He's for ReLU) and 1/sqrt(fan in) in the output."""
    batch_size: int = Field(100, ge=1, le=1_000_000)
    """Training curves for each step, drawn with replacement."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """The optimiser."""

    @model_validator(mode="after")
    def _conditioning_is_defined(self) -> Learner:
        if self.conditioned and self.architecture == "autoencoder":
            raise ValueError("conditioned: an autoencoder cannot be; use linear or convolution")
        return self

    @model_validator(mode="after")
    def _depth_is_of_an_autoencoder(self) -> Learner:
        if self.depth % 2:
            raise ValueError(f"depth = {self.depth} must be even: half of it lies on either side of the code")
        for key, given in (("depth", self.depth > 0), ("initial_weights", self.initial_weights != "scripts")):
            if given and self.architecture != "autoencoder":
                raise ValueError(f"{key}: only an autoencoder has it, not {self.architecture}")
        if self.residual and not self.depth:
            raise ValueError("residual: shortcuts need a depth of at least 2")
        return self


class Decoded(Single):
    """What a figure of decoded curves shows, of the first replicate of one problem."""

    steps: Annotated[list[Step], Field(min_length=1), AfterValidator(unique)]
    """Steps, among the problem's snapshots."""
    n_shown: int = Field(2, ge=1, le=100)
    """Validation curves, from the first on."""


class Errors(Settings):
    """What a figure of errors shows."""

    training: Single
    """Against steps."""
    samples: Single
    """At the end, against the number of training curves (a problem with several `n_curves`)."""


class ConditionNumbers(Settings):
    """Sizes of the matrices whose condition numbers a figure shows."""

    n_points: Sizes
    """Points of a curve, n."""
    fitted_from: int = Field(100, ge=10)
    """Exponents are fitted to this n and all larger ones; at least two of them."""
    n_curves: Count = 10_000
    """Curves that the second moment of the rows `estimated` is taken over."""
    seed: Seed = 0
    """Replicate of these curves."""


class Rates(Settings):
    """Gradient descent as the theory has it."""

    n_points: Sizes
    """Points of a curve, n, of the numbers of iterations."""
    simulated_up_to: int = Field(14, ge=0, le=40)
    """Largest n of the linear learner whose iterations are counted in a simulation; the number grows as n^4."""
    step_sizes: Annotated[list[Annotated[float, Field(gt=0, lt=10)]], Field(min_length=1), AfterValidator(unique)]
    """Step sizes eta lambda S_11^2 of the divergence threshold, which lies at 2."""
    n_replicates: int = Field(200, ge=1, le=100_000)
    """Runs of stochastic gradient descent that are averaged."""


class Config(Family):
    """Piecewise linear curves (section 4, Figure 6)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; only those that a figure selects are trained."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; only those that a figure selects are trained."""
    fig6: Decoded
    """Curves and what learners make of them."""
    curve_errors: Errors
    """Errors against steps and against the number of training curves."""
    condition_numbers: ConditionNumbers
    """Condition numbers against n."""
    conditioning_rates: Rates
    """Lemma 2 and Theorem 3 against simulations."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        errors = self.curve_errors
        figures = {"fig6": self.fig6, "curve_errors.training": errors.training, "curve_errors.samples": errors.samples}
        for name, figure in figures.items():
            check_figure(figure, self.problems, self.learners, name)
        for name in ("fig6", "curve_errors.training"):
            for problem in figures[name].problems:
                if len(self.problems[problem].n_curves) > 1:
                    raise ValueError(f"{name}.problems: '{problem}' must have a single value in n_curves")
        (problem,) = self.fig6.problems
        for step in self.fig6.steps:
            if step not in self.problems[problem].snapshots:
                raise ValueError(f"fig6.steps: {step} is not among the snapshots of '{problem}'")
        numbers = self.condition_numbers
        if sum(n >= numbers.fitted_from for n in numbers.n_points) < 2:
            raise ValueError(f"condition_numbers.fitted_from = {numbers.fitted_from}: fewer than two n to fit to")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Replace the values that stand for others (`variant`, no seeds) by what they stand for.

    block: a validated `curves` block. Returns a new block.
    """
    of_variant = {"code": "slopes", "paper": "uniform"}[variant]
    problems = {}
    for name, problem in block["problems"].items():
        distribution = problem["distribution"] if problem["distribution"] != "variant" else of_variant
        problems[name] = problem | {"distribution": distribution, "seeds": problem["seeds"] or seeds}
    return block | {"problems": problems}
