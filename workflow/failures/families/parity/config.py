"""Configuration block `parity`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.memory import Footprint, network
from failures.config.types import (
    Family,
    Figure,
    JointExperiments,
    Learner,
    Name,
    Names,
    Replicated,
    Saved,
    Settings,
    unique,
)

# Largest d at which a run may use the whole cube of 2^d points; above it, evaluation would cost more than training.
LARGEST_CUBE = 14
# Figures whose problems must have a kind other than `targets`.
KINDS = {
    "target_blindness": "target_pairs",
    "queries": "statistical_queries",
    "rescues.mixed": "mixed",
    "rescues.prefix_labels": "prefix_labels",
}

Sizes = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1), AfterValidator(unique)]

Dimensions = Annotated[list[Annotated[int, Field(ge=1, le=1024)]], Field(min_length=1), AfterValidator(unique)]
OracleErrors = Annotated[list[Annotated[float, Field(ge=0, le=1000)]], AfterValidator(unique)]


class Queries(Settings):
    """Settings of the gradient oracle, which adds noise to the gradients or rounds them; each target is trained once
    per setting."""

    noise: OracleErrors = Field([0.0])
    """Standard deviations of the Gaussian noise added to each component of the gradient."""
    tolerance: OracleErrors = Field([])
    """Largest errors of the quantised gradient; each component is rounded to the nearest multiple of twice this
    value."""


class Problem(Saved):
    """Parities of d bits, and the length of training."""

    n_features: int = Field(ge=1, le=1024)
    """Input dimension d."""
    encoding: Literal["signed", "binary"] = "signed"
    """Values of the input bits: `signed` {-1, +1}, as in the authors' scripts, or `binary` {0, 1}, as in the paper's
    text."""
    subset_sizes: Literal["random", "all", "full"] | Sizes = "random"
    """Number of relevant bits |v*|, the ones in the target v*. `random`: one target per replicate, drawn as `targets`
    says. A list: one random subset of each size per replicate; `all` stands for 1 to d, `full` for d."""
    targets: Literal["front", "uniform"] = "front"
    """Distribution of a random target. `front`, as in the authors' scripts: |v*| is the number of positive values among
    d standard normals, at least 2, and the first |v*| bits are relevant. `uniform`, as in the paper's text: uniform
    over all non-zero targets."""
    evaluation: Literal["cube"] | Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """Fresh samples per evaluation; `cube` evaluates exactly, on all 2^d inputs (d up to 14)."""
    samples: Literal["fresh", "cube"] = "fresh"
    """Training data per step. `fresh`: a batch of fresh samples. `cube`: all 2^d inputs, which gives the exact gradient
    (d up to 14)."""
    kind: Literal["targets", "statistical_queries", "target_pairs", "mixed", "prefix_labels"] = "targets"
    """Kind of run. `targets`: train on one target. `statistical_queries`: train on one target with a noisy or quantised
    gradient oracle. `target_pairs`: train two copies of one network, each on another random target; this is done in
    float32 and in float64. `mixed`: train on samples of which half have all relevant bits equal, and evaluate on
    uniform samples. `prefix_labels`: train a chain of d small networks, one per bit; network t is trained on the parity
    of the relevant bits among the first t bits."""
    queries: Queries = Field(default_factory=Queries)
    """Noise and rounding of the gradients, for the kind `statistical_queries`."""

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
        if self.kind == "target_pairs" and (self.subset_sizes != "random" or self.n_features < 2):
            raise ValueError("kind: target_pairs requires n_features of at least 2 and subset_sizes: random")
        if self.kind == "statistical_queries" and not self.queries.noise + self.queries.tolerance:
            raise ValueError("kind: statistical_queries requires a value in queries.noise or queries.tolerance")
        if self.kind == "mixed" and self.samples == "cube":
            raise ValueError("kind: mixed requires samples: fresh")
        return self


class InitialGradients(Replicated):
    """Networks at initialisation."""

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
    encoding: Literal["signed", "binary"] = "signed"
    """Values of the input bits, as in `problems`."""


class GradientVariance(Settings):
    """Figure of Theorem 1: exact variance of the gradient over all 2^d parities."""

    initial: InitialGradients
    """Networks at initialisation, against d."""
    trained: Figure
    """Networks saved during training; the problems must have `snapshots` and d up to 14."""


class DepthSignal(Replicated):
    """Figure of the gradient signal of all parities at initialisation, against depth, for inputs in {-1, +1}."""

    learners: Names
    """Learners of this family, by name; `depths` replaces their own `depth`."""
    depths: Annotated[list[Annotated[int, Field(ge=1, le=256)]], Field(min_length=1), AfterValidator(unique)]
    """Numbers of hidden layers."""
    n_features: Annotated[list[Annotated[int, Field(ge=2, le=14)]], Field(min_length=1), AfterValidator(unique)]
    """Input dimensions d, in bits; time grows as 4^d."""
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
    prefix_labels: Figure
    """Intermediate labels: problems of the kind `prefix_labels`. Each network of the chain has the width, depth and
    activation of the learner. It has two inputs, the previous label and the next bit, so the width `10d` is 20."""


class Experiments(JointExperiments):
    """Experiments on parities; each is one figure."""

    fig1: Figure | None = None
    """Figure 1: accuracy against training steps."""
    parity_size: Figure | None = None
    """Steps to a given accuracy, against the parity size |v*| (the number of relevant bits). The problems must have a
    list, `all` or `full` in `subset_sizes`."""
    gradient_variance: GradientVariance | None = None
    """Gradient variance over all parities (Theorem 1)."""
    target_blindness: Figure | None = None
    """Weight distance between two copies of one network, each trained on another target (problems of the kind
    `target_pairs`)."""
    predictors: Figure | None = None
    """Accuracy of classes of predictors (architectures, widths and optimisers) after the same number of steps."""
    depth_signal: DepthSignal | None = None
    """Gradient signal at initialisation by parity size and depth."""
    elimination: Elimination | None = None
    """Success rate of Gaussian elimination, which uses no gradient, against the number of samples and the label
    noise."""
    queries: Figure | None = None
    """Steps to learn with noisy or quantised gradients (problems of the kind `statistical_queries`)."""
    rescues: Rescues | None = None
    """Interventions that make parities learnable, and a control."""


class Config(Family):
    """Random parities (section 2, Figure 1)."""

    problems: dict[Name, Problem] = Field(default_factory=dict)
    """Problems that several experiments share, by name."""
    learners: dict[Name, Learner] = Field(default_factory=dict)
    """Learners that several experiments share, by name."""
    experiments: Experiments
    """Experiments by name; each is one figure."""

    @model_validator(mode="after")
    def _problems_fit_their_figures(self) -> Config:
        for where, kind, figure in self._selections():
            for name in figure.problems:
                problem = self.problems[name]
                if problem.kind != KINDS.get(kind, "targets"):
                    raise ValueError(f"{where}.problems: '{name}' must be of the kind '{KINDS.get(kind, 'targets')}'")
                if kind in ("parity_size", "rescues.sparse") and problem.subset_sizes == "random":
                    raise ValueError(
                        f"{where}.problems: '{name}' has subset_sizes: random; use a list, 'all' or 'full'"
                    )
                if kind == "rescues.uniform" and problem.subset_sizes != "random":
                    raise ValueError(f"{where}.problems: '{name}' must have subset_sizes: random")
                if kind == "gradient_variance.trained" and (problem.n_features > LARGEST_CUBE or not problem.snapshots):
                    raise ValueError(
                        f"{where}.problems: '{name}' must have snapshots and n_features of at most {LARGEST_CUBE}"
                    )
        return self

    def _selections(self) -> Iterator[tuple[str, str, Figure]]:
        """Yield every selection of runs: its place in the block, its kind and the selection."""
        for name, kind in self.experiments.kinds.items():
            block = getattr(self.experiments, name)
            parts = [("", block)] + [(f".{key}", value) for key, value in block]
            for key, part in parts:
                if isinstance(part, Figure):
                    yield f"experiments.{name}{key}", f"{kind}{key}", part

    @model_validator(mode="after")
    def _stages_are_plain(self) -> Config:
        """Check that learners of the kind `prefix_labels` use only the width, depth and activation."""
        plain = Learner()
        for experiment, block in self.experiments.of_kind("rescues"):
            for name in block.prefix_labels.learners:
                for key in ("architecture", "normalization", "initial_weights", "initial_biases"):
                    if getattr(self.learners[name], key) != getattr(plain, key):
                        raise ValueError(
                            f"experiments.{experiment}.prefix_labels.learners: '{name}' must have the {key}"
                            f" '{getattr(plain, key)}'"
                        )
        return self


def footprint(problem: dict[str, Any], learner: dict[str, Any]) -> Footprint:
    """Return the numbers that the training of a learner on a problem holds.

    Args:
        problem: Validated block of a problem.
        learner: Validated block of a learner.
    """
    n_features = problem["n_features"]
    chain = problem["kind"] == "prefix_labels"
    sizes = network(2 if chain else n_features, learner)
    # A chain has a network per bit; two copies in both precisions hold six times the numbers of one network.
    count = {"prefix_labels": n_features, "target_pairs": 6}.get(problem["kind"], 1)
    evaluation, batch = (
        2**n_features if problem[key] == "cube" else size
        for key, size in (("evaluation", problem["evaluation"]), ("samples", learner["batch_size"]))
    )
    return Footprint(*(count * size for size in sizes), batch, evaluation)


def resolve(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block with lists for the subset sizes `all` and `full`.

    Args:
        block: Validated block `parity`.
    """
    problems = {name: problem | {"subset_sizes": _sizes(problem)} for name, problem in block["problems"].items()}
    return block | {"problems": problems}


def _sizes(problem: dict[str, Any]) -> str | list[int]:
    n_features = problem["n_features"]
    lists = {"all": list(range(1, n_features + 1)), "full": [n_features]}
    return (
        problem["subset_sizes"]
        if isinstance(problem["subset_sizes"], list)
        else lists.get(problem["subset_sizes"], problem["subset_sizes"])
    )
