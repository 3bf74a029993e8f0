"""Configuration block `parity`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.settings import (
    JOINT,
    Family,
    Figure,
    Learner,
    Name,
    Names,
    RateFactors,
    Seeds,
    Settings,
    check_figure,
    check_selected,
    unique,
)

# The cube has 2^d points; beyond this an evaluation on all of them would dwarf the training.
LARGEST_CUBE = 14
# Figures whose problems must be of another kind than `targets`.
KINDS = {
    "target_blindness": "comparison",
    "queries": "queries",
    "rescues.mixed": "mixed",
    "rescues.running": "running",
}

Sizes = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1), AfterValidator(unique)]

Dimensions = Annotated[list[Annotated[int, Field(ge=1, le=1024)]], Field(min_length=1), AfterValidator(unique)]
Answers = Annotated[list[Annotated[float, Field(ge=0, le=1000)]], AfterValidator(unique)]


class Queries(Settings):
    """Answers to the queries for gradients; every target is trained once with each."""

    noise: Answers = Field([0.0])
    """Standard deviations of Gaussian noise that is added to the gradient by every weight."""
    tolerance: Answers = Field([])
    """Largest errors: the gradient by every weight is rounded to the nearest multiple of twice this."""


class Problem(Settings):
    """Parities over d bits, and how long a learner trains on one."""

    n_features: int = Field(ge=1, le=1024)
    """Input dimension d."""
    encoding: Literal["variant", "signed", "binary"] = "variant"
    """Values of the input bits: `signed` {-1, +1}, `binary` {0, 1}; `variant` is signed for the scripts, binary for
    the text."""
    subset_sizes: Literal["random", "all"] | Sizes = "random"
    """Size |v*| of the target's subset: `random` draws v* as the variant does, one target a replicate; a list, or
    `all` for 1..d, draws a subset of each size for each replicate."""
    rate_factors: RateFactors = Field([1.0])
    """Each replicate is trained once for each of these multiples of the learner's learning rate."""
    n_steps: int = Field(50_000, ge=1, le=100_000_000)
    """Training steps of a run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Evaluate after the update at steps 0, this, twice this, ... and the last."""
    evaluation: Literal["cube"] | Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """Samples of an evaluation, drawn afresh; `cube` evaluates exactly, on all 2^d inputs (d up to 14)."""
    checkpoint_every: int = Field(5_000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to whole evaluations; an interrupted run resumes from the last."""
    samples: Literal["fresh", "cube"] = "fresh"
    """What a step trains on: `fresh` samples, as many as the learner's batch has; `cube` all 2^d inputs, so that the
    gradient is exact (d up to 14)."""
    kind: Literal["targets", "queries", "comparison", "mixed", "running"] = "targets"
    """What a run is: `targets` trains on one target; `queries` too, with gradients that are told only roughly;
    `comparison` trains copies of one network on two random targets at once, in float32 and in float64; `mixed` trains
    on samples of which half have all relevant bits equal, and is evaluated on uniform ones; `running` trains a chain
    of d small networks, one a bit, each on the label of the bits so far."""
    queries: Queries = Field(default_factory=Queries)
    """How roughly the gradients of the kind `queries` are told."""
    snapshots: list[Annotated[int, Field(ge=0)]] = Field([])
    """Evaluation steps whose networks are kept, beside the initial and the last."""
    seeds: Seeds | None = None
    """Replicates of this problem; the shared `seeds` if left out."""

    @model_validator(mode="after")
    def _fits_the_dimension(self) -> Problem:
        if isinstance(self.subset_sizes, list) and max(self.subset_sizes) > self.n_features:
            raise ValueError(f"subset_sizes: {max(self.subset_sizes)} is more than n_features = {self.n_features}")
        for key in ("evaluation", "samples"):
            if getattr(self, key) == "cube" and self.n_features > LARGEST_CUBE:
                raise ValueError(f"{key}: cube needs n_features of at most {LARGEST_CUBE}, not {self.n_features}")
        return self

    @model_validator(mode="after")
    def _can_be_done(self) -> Problem:
        for step in self.snapshots:
            if step >= self.n_steps or (step % self.evaluate_every and step != self.n_steps - 1):
                raise ValueError(f"snapshots: {step} is no evaluation step (0, {self.evaluate_every}, ... or the last)")
        if self.kind == "comparison" and (self.subset_sizes != "random" or self.n_features < 2):
            raise ValueError("kind: comparison needs n_features of at least 2 and random subset_sizes")
        if self.kind == "queries" and not self.queries.noise + self.queries.tolerance:
            raise ValueError("kind: queries needs a value in queries.noise or queries.tolerance")
        if self.kind == "mixed" and self.samples == "cube":
            raise ValueError("kind: mixed needs fresh samples, not the cube")
        return self


class InitialGradients(Settings):
    """Networks at their random initial weights; inputs are encoded as the variant has them."""

    learners: Names
    """Names of learners."""
    n_features: Dimensions
    """Input dimensions d."""
    largest_transform: int = Field(16, ge=0, le=18)
    """Largest d for which every parity's signal is computed, with at most one hidden layer; time and memory
    grow as 2^d."""
    largest_deep_transform: int = Field(12, ge=0, le=16)
    """The same with more hidden layers."""
    largest_cube: int = Field(20, ge=0, le=24)
    """Largest d for which the closed form is computed on all inputs; beyond, on random ones."""
    samples: int = Field(32_768, ge=2, le=10_000_000)
    """Random inputs beyond `largest_cube`."""
    seeds: Seeds = Field([0, 1, 2])
    """Draws of the initial weights."""


class GradientVariance(Settings):
    """Theorem 1, computed exactly: variance of the gradient over all 2^d parities."""

    initial: InitialGradients
    """At initialisation, for growing d."""
    trained: Figure
    """Along training: problems with `snapshots`, d up to 14."""


class DepthSignal(Settings):
    """Signal of all parities in networks of growing depth at random initial weights, for signed inputs."""

    learners: Names
    """Names of learners, whose depth is one of `depths` instead of their own."""
    depths: Annotated[list[Annotated[int, Field(ge=1, le=256)]], Field(min_length=1), AfterValidator(unique)]
    """Numbers of hidden layers."""
    n_features: Annotated[list[Annotated[int, Field(ge=2, le=14)]], Field(min_length=1), AfterValidator(unique)]
    """Input dimensions d; time grows as 4^d."""
    seeds: Seeds = Field([0, 1, 2])
    """Draws of the initial weights."""
    predicted_depths: Annotated[list[Annotated[int, Field(ge=1, le=1024)]], AfterValidator(unique)] = Field([])
    """Further depths for which the kernel of infinite width is computed."""
    spreads: Annotated[list[Annotated[float, Field(gt=0, le=100)]], AfterValidator(unique)] = Field([])
    """Values of `initial_weights` at which depth scales are computed, beside those of the learners."""


class Elimination(Settings):
    """Gaussian elimination over GF(2)."""

    n_features: Dimensions
    """Input dimensions d."""
    extra_samples: Annotated[list[Annotated[int, Field(ge=0, le=1000)]], Field(min_length=1), AfterValidator(unique)]
    """Samples beyond d; the last number serves for noisy labels."""
    label_noise: Annotated[list[Annotated[float, Field(ge=0, le=0.5)]], Field(min_length=1), AfterValidator(unique)]
    """Probabilities that a label is flipped."""
    trials: int = Field(1000, ge=1, le=100_000)
    """Systems of equations for each point."""


class Rescues(Settings):
    """What makes parities learnable, beside parities that are not learnt."""

    uniform: Figure
    """Nothing: uniform inputs and random targets, as in Figure 1."""
    sparse: Figure
    """Few relevant bits: problems with a list of `subset_sizes`, at several d."""
    mixed: Figure
    """Other inputs: problems of the kind `mixed`."""
    running: Figure
    """Intermediate labels: problems of the kind `running`; a stage has the learner's width (`10d` is 20), depth and
    activation."""


class Config(Family):
    """Random parities (section 2, Figure 1)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; only those that a figure selects are trained."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; only those that a figure selects are trained."""
    fig1: Figure
    """Figure 1 of the paper: accuracy against steps."""
    parity_size: Figure
    """Steps to a given accuracy against the subset size |v*|."""
    gradient_variance: GradientVariance
    """Theorem 1, computed exactly."""
    target_blindness: Figure
    """Distance of the weights of one network trained on two targets (problems of the kind `comparison`)."""
    predictors: Figure
    """Accuracy of classes of predictors after the same budget."""
    depth_signal: DepthSignal
    """Theorem 1 against depth: which parities the signal at the start belongs to."""
    elimination: Elimination
    """Gaussian elimination over GF(2)."""
    queries: Figure
    """Steps to learn from gradients that are told only roughly (problems of the kind `queries`)."""
    rescues: Rescues
    """What makes parities learnable."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        names = ("fig1", "parity_size", "target_blindness", "predictors", "queries")
        selections = {name: getattr(self, name) for name in names}
        selections |= {f"rescues.{way}": figure for way, figure in self.rescues}
        selections["gradient_variance.trained"] = self.gradient_variance.trained
        selections |= {name: getattr(self, name) for name in JOINT if getattr(self, name) is not None}
        for name, figure in selections.items():
            check_figure(figure, self.problems, self.learners, name)
            kind = KINDS.get(name, "targets")
            for problem in figure.problems:
                if self.problems[problem].kind != kind:
                    raise ValueError(f"{name}.problems: '{problem}' must be of the kind '{kind}'")
        initial = self.gradient_variance.initial
        check_selected(initial.learners, self.learners, "learner", "gradient_variance.initial.learners")
        check_selected(self.depth_signal.learners, self.learners, "learner", "depth_signal.learners")
        return self

    @model_validator(mode="after")
    def _problems_fit_their_figures(self) -> Config:
        for where, figure in (("parity_size", self.parity_size), ("rescues.sparse", self.rescues.sparse)):
            for problem in figure.problems:
                if self.problems[problem].subset_sizes == "random":
                    raise ValueError(f"{where}.problems: '{problem}' has random subset_sizes; give a list or 'all'")
        for problem in self.rescues.uniform.problems:
            if self.problems[problem].subset_sizes != "random":
                raise ValueError(f"rescues.uniform.problems: '{problem}' must have random subset_sizes")
        for name in self.gradient_variance.trained.problems:
            problem = self.problems[name]
            if problem.n_features > LARGEST_CUBE or not problem.snapshots:
                raise ValueError(
                    f"gradient_variance.trained.problems: '{name}' needs snapshots, and n_features up to {LARGEST_CUBE}"
                )
        return self

    @model_validator(mode="after")
    def _stages_are_plain(self) -> Config:
        """A stage of a running parity is built from the width, depth and activation of its learner alone."""
        plain = Learner()
        for name in self.rescues.running.learners:
            for key in ("architecture", "normalization", "initial_weights", "initial_biases"):
                if getattr(self.learners[name], key) != getattr(plain, key):
                    raise ValueError(f"rescues.running.learners: '{name}' must have the {key} '{getattr(plain, key)}'")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Replace the values that stand for others (`variant`, `all`, no seeds) by what they stand for.

    block: a validated `parity` block. Returns a new block.
    """
    of_variant = {"code": "signed", "paper": "binary"}[variant]
    problems = {}
    for name, problem in block["problems"].items():
        sizes, encoding = problem["subset_sizes"], problem["encoding"]
        if encoding == "variant":
            encoding = of_variant
        if sizes == "all":
            sizes = list(range(1, problem["n_features"] + 1))
        problems[name] = problem | {"encoding": encoding, "subset_sizes": sizes, "seeds": problem["seeds"] or seeds}
    variance = block["gradient_variance"]
    variance = variance | {"initial": variance["initial"] | {"encoding": of_variant}}
    return block | {"problems": problems, "gradient_variance": variance}
