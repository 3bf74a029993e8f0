"""Configuration block `parity`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.types import (
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

# Largest d at which a run may use the whole cube of 2^d points; above it, evaluation would cost more than training.
LARGEST_CUBE = 14
# Figures whose problems must have a kind other than `targets`.
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
    """Settings of the gradient oracle, which adds noise to the gradients or rounds them; each target is trained once
    per setting."""

    noise: Answers = Field([0.0])
    """Standard deviations of the Gaussian noise added to each component of the gradient."""
    tolerance: Answers = Field([])
    """Largest errors of the quantised gradient; each component is rounded to the nearest multiple of twice this
    value."""


class Problem(Settings):
    """Parities of d bits, and the length of training."""

    n_features: int = Field(ge=1, le=1024)
    """Input dimension d."""
    encoding: Literal["variant", "signed", "binary"] = "variant"
    """Values of the input bits: `signed` {-1, +1} or `binary` {0, 1}. `variant`: signed for the authors' scripts,
    binary for the paper's text."""
    subset_sizes: Literal["random", "all"] | Sizes = "random"
    """Number of relevant bits |v*|, the ones in the target v*. `random`: one target per replicate. The authors' scripts
    draw |v*| as the number of positive values among d standard normals, at least 2, and take the first |v*| bits. The
    paper's text draws v* uniformly from all non-zero targets. A list, or `all` for 1 to d: one random subset of each
    size per replicate."""
    rate_factors: RateFactors = Field([1.0])
    """Factors of the learner's learning rate; each replicate is trained once per factor."""
    n_steps: int = Field(50_000, ge=1, le=100_000_000)
    """Training steps per run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Steps between two evaluations; the first follows the update of step 0, and the last step is always evaluated."""
    evaluation: Literal["cube"] | Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """Fresh samples per evaluation; `cube` evaluates exactly, on all 2^d inputs (d up to 14)."""
    checkpoint_every: int = Field(5_000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""
    samples: Literal["fresh", "cube"] = "fresh"
    """Training data per step. `fresh`: a batch of fresh samples. `cube`: all 2^d inputs, which gives the exact gradient
    (d up to 14)."""
    kind: Literal["targets", "queries", "comparison", "mixed", "running"] = "targets"
    """Kind of run. `targets`: train on one target. `queries`: train on one target with a noisy or quantised gradient
    oracle. `comparison`: train two copies of one network, each on another random target; this is done in float32 and in
    float64. `mixed`: train on samples of which half have all relevant bits equal, and evaluate on uniform samples.
    `running`: train a chain of d small networks, one per bit; network t is trained on the parity of the relevant bits
    among the first t bits."""
    queries: Queries = Field(default_factory=Queries)
    """Noise and rounding of the gradients, for the kind `queries`."""
    snapshots: list[Annotated[int, Field(ge=0)]] = Field([])
    """Steps after which the network is saved, in addition to the initial and the final network; each must be an
    evaluation step."""
    seeds: Seeds | None = None
    """Seeds of this problem's replicates; null uses the shared `seeds`."""

    @model_validator(mode="after")
    def _fits_the_dimension(self) -> Problem:
        if isinstance(self.subset_sizes, list) and max(self.subset_sizes) > self.n_features:
            raise ValueError(f"subset_sizes: {max(self.subset_sizes)} is more than n_features = {self.n_features}")
        for key in ("evaluation", "samples"):
            if getattr(self, key) == "cube" and self.n_features > LARGEST_CUBE:
                raise ValueError(f"{key}: cube requires n_features of at most {LARGEST_CUBE}, not {self.n_features}")
        return self

    @model_validator(mode="after")
    def _can_be_done(self) -> Problem:
        for step in self.snapshots:
            if step >= self.n_steps or (step % self.evaluate_every and step != self.n_steps - 1):
                raise ValueError(
                    f"snapshots: no evaluation at step {step}; use a multiple of evaluate_every = {self.evaluate_every}"
                    f" below n_steps = {self.n_steps}, or the last step"
                )
        if self.kind == "comparison" and (self.subset_sizes != "random" or self.n_features < 2):
            raise ValueError("kind: comparison requires n_features of at least 2 and subset_sizes: random")
        if self.kind == "queries" and not self.queries.noise + self.queries.tolerance:
            raise ValueError("kind: queries requires a value in queries.noise or queries.tolerance")
        if self.kind == "mixed" and self.samples == "cube":
            raise ValueError("kind: mixed requires samples: fresh")
        return self


class InitialGradients(Settings):
    """Networks at initialisation; the variant selects the encoding of the inputs."""

    learners: Names
    """Learners of this family, by name."""
    n_features: Dimensions
    """Input dimensions d, in bits."""
    largest_transform: int = Field(16, ge=0, le=18)
    """Largest d at which the gradient signal of every parity is computed, for networks with at most one hidden layer.
    Time and memory grow as 2^d."""
    largest_deep_transform: int = Field(12, ge=0, le=16)
    """Largest d at which the gradient signal of every parity is computed, for networks with more than one hidden
    layer."""
    largest_cube: int = Field(20, ge=0, le=24)
    """Largest d at which the closed form of the variance over all parities is computed on all 2^d inputs. For larger d,
    random inputs estimate it."""
    samples: int = Field(32_768, ge=2, le=10_000_000)
    """Number of random inputs for d above `largest_cube`."""
    seeds: Seeds = Field([0, 1, 2])
    """Seeds of the initial weights."""


class GradientVariance(Settings):
    """Figure of Theorem 1: exact variance of the gradient over all 2^d parities."""

    initial: InitialGradients
    """Networks at initialisation, against d."""
    trained: Figure
    """Networks saved during training; the problems must have `snapshots` and d up to 14."""


class DepthSignal(Settings):
    """Figure of the gradient signal of all parities at initialisation, against depth, for inputs in {-1, +1}."""

    learners: Names
    """Learners of this family, by name; `depths` replaces their own `depth`."""
    depths: Annotated[list[Annotated[int, Field(ge=1, le=256)]], Field(min_length=1), AfterValidator(unique)]
    """Numbers of hidden layers."""
    n_features: Annotated[list[Annotated[int, Field(ge=2, le=14)]], Field(min_length=1), AfterValidator(unique)]
    """Input dimensions d, in bits; time grows as 4^d."""
    seeds: Seeds = Field([0, 1, 2])
    """Seeds of the initial weights."""
    predicted_depths: Annotated[list[Annotated[int, Field(ge=1, le=1024)]], AfterValidator(unique)] = Field([])
    """Additional depths for which only the prediction is computed, from the tangent kernel of a network of infinite
    width."""
    spreads: Annotated[list[Annotated[float, Field(gt=0, le=100)]], AfterValidator(unique)] = Field([])
    """Values of `initial_weights` for which the depth scales are computed, in addition to those of the learners. A
    depth scale is the number of layers over which the squared gradient norm, or the distance of the correlation between
    two inputs from its limit, changes by a factor e."""


class Elimination(Settings):
    """Figure of Gaussian elimination over GF(2), the field with the elements 0 and 1."""

    n_features: Dimensions
    """Input dimensions d, in bits."""
    extra_samples: Annotated[list[Annotated[int, Field(ge=0, le=1000)]], Field(min_length=1), AfterValidator(unique)]
    """Numbers of samples in excess of d. The systems with label noise use the last value."""
    label_noise: Annotated[list[Annotated[float, Field(ge=0, le=0.5)]], Field(min_length=1), AfterValidator(unique)]
    """Probabilities that a label is flipped, at most 0.5."""
    trials: int = Field(1000, ge=1, le=100_000)
    """Random systems of equations per point of the figure."""


class Rescues(Settings):
    """Figure of the interventions that make parities learnable, with a control."""

    uniform: Figure
    """Control: uniform inputs, random targets, as in Figure 1."""
    sparse: Figure
    """Few relevant bits: problems with a list of `subset_sizes`, at several d."""
    mixed: Figure
    """Mixed training inputs (all relevant bits are equal in half of them): problems of the kind `mixed`."""
    running: Figure
    """Intermediate labels: problems of the kind `running`. Each network of the chain has the width, depth and
    activation of the learner. It has two inputs, the previous label and the next bit, so the width `10d` is 20."""


class Config(Family):
    """Random parities (section 2, Figure 1)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; a problem is trained only if a figure selects it."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; a learner is trained only if a figure selects it."""
    fig1: Figure
    """Figure 1: accuracy against training steps."""
    parity_size: Figure
    """Steps to a given accuracy, against the parity size |v*| (the number of relevant bits). The problems must have a
    list or `all` in `subset_sizes`."""
    gradient_variance: GradientVariance
    """Gradient variance over all parities (Theorem 1)."""
    target_blindness: Figure
    """Weight distance between two copies of one network, each trained on another target (problems of the kind
    `comparison`)."""
    predictors: Figure
    """Accuracy of classes of predictors (architectures, widths and optimisers) after the same number of steps."""
    depth_signal: DepthSignal
    """Gradient signal at initialisation by parity size and depth."""
    elimination: Elimination
    """Success rate of Gaussian elimination, which uses no gradient, against the number of samples and the label
    noise."""
    queries: Figure
    """Steps to learn with noisy or quantised gradients (problems of the kind `queries`)."""
    rescues: Rescues
    """Interventions that make parities learnable, and a control."""

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
                    raise ValueError(f"{where}.problems: '{problem}' has subset_sizes: random; use a list or 'all'")
        for problem in self.rescues.uniform.problems:
            if self.problems[problem].subset_sizes != "random":
                raise ValueError(f"rescues.uniform.problems: '{problem}' must have subset_sizes: random")
        for name in self.gradient_variance.trained.problems:
            problem = self.problems[name]
            if problem.n_features > LARGEST_CUBE or not problem.snapshots:
                raise ValueError(
                    f"gradient_variance.trained.problems: '{name}' must have snapshots and n_features of at most"
                    f" {LARGEST_CUBE}"
                )
        return self

    @model_validator(mode="after")
    def _stages_are_plain(self) -> Config:
        """The networks of the kind `running` use only the width, depth and activation of their learner."""
        plain = Learner()
        for name in self.rescues.running.learners:
            for key in ("architecture", "normalization", "initial_weights", "initial_biases"):
                if getattr(self.learners[name], key) != getattr(plain, key):
                    raise ValueError(f"rescues.running.learners: '{name}' must have the {key} '{getattr(plain, key)}'")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Resolve placeholder values: `variant`, `all`, and seeds that are null.

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
