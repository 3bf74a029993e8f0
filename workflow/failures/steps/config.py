"""Configuration block `steps`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.settings import (
    Family,
    Figure,
    Name,
    Optimizer,
    RateFactors,
    Seeds,
    Settings,
    Single,
    check_figure,
    unique,
)
from failures.steps.problem import OFFSETS

Biases = Annotated[list[Annotated[float, Field(ge=-1000, le=1000)]], Field(min_length=1), AfterValidator(unique)]
Positive = Annotated[float, Field(gt=0, le=1_000_000)]
InitialWeights = Literal["scripts"] | Annotated[float, Field(gt=0, le=1000)]


class Problem(Settings):
    """A step function of an affine map, and how long a learner trains on it."""

    n_features: int = Field(100, ge=1, le=100_000)
    """Input dimension d."""
    input_scale: Positive | Literal["variant"] = "variant"
    """Standard deviation of each input; `variant`: 0.01 as in the scripts, or 1 for the text, which gives none."""
    initial_biases: Biases | None = None
    """Each replicate is trained once from each of these initial b, counted from b*; from b = 0 if left out."""
    rate_factors: RateFactors = Field([1.0])
    """Each replicate is trained once for each of these multiples of the learner's learning rate."""
    n_steps: int = Field(10_001, ge=1, le=100_000_000)
    """Training steps of a run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Evaluate after the update at steps 0, this, twice this, ... and the last."""
    evaluation: int = Field(2560, ge=10, le=1_000_000)
    """Fresh samples of an evaluation."""
    checkpoint_every: int = Field(5000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to whole evaluations; an interrupted run resumes from the last."""
    seeds: Seeds | None = None
    """Replicates of this problem; the shared `seeds` if left out."""


class Learner(Settings):
    """What is trained in place of u(<w, x> + b), whose gradient is zero, and its optimiser."""

    kind: Literal["non_flat", "end_to_end", "multiclass", "forward_only", "flat"]
    """`non_flat`, an affine map through the smooth u~; `end_to_end`, ReLU layers (3, or `depth`) and a linear output;
    `multiclass`, two ReLU layers and a class a step; `forward_only`, an affine map through u, with 1 for u' in the
    gradient (with `depth`, behind flat hidden layers); `flat`, the same with the true gradient, which is 0."""
    width: int = Field(100, ge=1, le=100_000)
    """Units of each hidden layer."""
    depth: int | None = Field(None, ge=0, le=256)
    """Hidden layers: of `end_to_end` the scripts' 3 if left out, of `forward_only` none. Other kinds have no choice."""
    residual: bool = False
    """Whether each hidden layer of `end_to_end` but the first has a shortcut around it; what it adds is divided by the
    depth."""
    hidden: Literal["flat", "sign"] = "flat"
    """Activation of the hidden layers of `forward_only`: `flat`, the step function u with b* = 0; `sign`. Neither has a
    gradient, and both have 1 in its place, as u has at the output."""
    initial_weights: InitialWeights = "scripts"
    """Spread of the initial weights of `end_to_end`: `scripts`, as everywhere, or sigma, for a normal of standard
    deviation sigma/sqrt(fan in) in the hidden layers (1.414 is He's for ReLU) and 1/sqrt(fan in) in the output."""
    slope: Positive = 50.0
    """Slope c of the sigmoids of u~(r) = z_0 + sum_i h_i sigmoid(c (r - z_i)), of steps of heights h_i."""
    relative: bool | Literal["variant"] = "variant"
    """Whether the slope is divided by the step's height (`variant`: as the scripts do, the text does not)."""
    shift: Annotated[float, Field(ge=-10, le=10)] | Literal["variant"] = "variant"
    """Heights that the sigmoids are moved down by (`variant`: 0.05 in the scripts, 0 in the text)."""
    n_logits: Annotated[int, Field(ge=len(OFFSETS), le=100_000)] | Literal["variant"] = "variant"
    """Classes of `multiclass`, of which only as many as there are steps mean anything (`variant`: 100 in the scripts,
    one a step in the text)."""
    batch_size: int = Field(256, ge=1, le=1_000_000)
    """Fresh samples for each step."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """The optimiser."""

    @model_validator(mode="after")
    def _layers_fit_the_kind(self) -> Learner:
        if self.depth is not None and self.kind not in ("end_to_end", "forward_only"):
            raise ValueError(f"depth: only end_to_end and forward_only can have another, not {self.kind}")
        for key, given in (("residual", self.residual), ("initial_weights", self.initial_weights != "scripts")):
            if given and self.kind != "end_to_end":
                raise ValueError(f"{key}: only for the kind end_to_end, not {self.kind}")
        return self


class Predicted(Single):
    """What a figure of predictions shows, of the first replicate."""

    n_samples: int = Field(2560, ge=10, le=100_000)
    """Fresh samples that are drawn."""


class Compared(Single):
    """What a comparison of learners shows."""

    targets: Annotated[list[Positive], Field(min_length=1), AfterValidator(unique)] = Field([0.1, 0.01])
    """Shares of the variance left unexplained that updates and samples are counted to."""


class Glmtron(Settings):
    """GLMtron on an activation that its theorem covers."""

    lipschitz: Annotated[list[Positive], Field(min_length=1), AfterValidator(unique)]
    """Lipschitz constants L of the activation, a ramp from 0 to 1 with slope L."""
    n_features: int = Field(20, ge=1, le=10_000)
    """Input dimension; inputs have length 1."""
    n_samples: int = Field(1000, ge=1, le=1_000_000)
    """Samples that the iterations run over."""
    n_iterations: int = Field(10_000, ge=10, le=10_000_000)
    """Iterations."""
    n_replicates: int = Field(10, ge=1, le=10_000)
    """Independent samples and targets."""


class ForwardOnly(Figure):
    """What a figure of forward-only training shows."""

    glmtron: Glmtron
    """The theorem's own setting."""


class Config(Family):
    """Flat activations (section 5, Figure 7)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; only those that a figure selects are trained."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; only those that a figure selects are trained."""
    fig7: Predicted
    """The step function and what learners make of it."""
    step_learners: Compared
    """Accuracy, cost and speed of all learners."""
    bias_sensitivity: Single
    """Success against the initial bias (a problem with `initial_biases`) and the slope c (learners of the kind
    `non_flat`)."""
    forward_only: ForwardOnly
    """Forward-only training: optimisers, scales of the inputs, and GLMtron's rate."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        for name in ("fig7", "step_learners", "bias_sensitivity", "forward_only"):
            figure = getattr(self, name)
            check_figure(figure, self.problems, self.learners, name)
            for problem in figure.problems:
                if (self.problems[problem].initial_biases is not None) != (name == "bias_sensitivity"):
                    wanted = "needs" if name == "bias_sensitivity" else "must not have"
                    raise ValueError(f"{name}.problems: '{problem}' {wanted} initial_biases")
        scales = [self.problems[problem].input_scale for problem in self.forward_only.problems]
        if len(set(scales)) < len(scales):
            raise ValueError("forward_only.problems: two of them have the same input_scale")
        for learner in self.bias_sensitivity.learners:
            if self.learners[learner].kind != "non_flat":
                raise ValueError(f"bias_sensitivity.learners: '{learner}' must be of the kind 'non_flat'")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Replace the values that stand for others (`variant`, no seeds) by what they stand for.

    block: a validated `steps` block. Returns a new block.
    """
    scripts = variant == "code"
    of_problem = {"input_scale": 0.01 if scripts else 1.0}
    of_learner = {"relative": scripts, "shift": 0.05 if scripts else 0.0, "n_logits": 100 if scripts else len(OFFSETS)}
    problems = {
        name: _replaced(problem, of_problem) | {"seeds": problem["seeds"] or seeds}
        for name, problem in block["problems"].items()
    }
    learners = {name: _replaced(learner, of_learner) for name, learner in block["learners"].items()}
    return block | {"problems": problems, "learners": learners}


def _replaced(block: dict[str, Any], of_variant: dict[str, Any]) -> dict[str, Any]:
    return block | {key: value for key, value in of_variant.items() if block[key] == "variant"}
