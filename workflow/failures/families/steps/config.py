"""Configuration block `steps`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.types import (
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
from failures.families.steps.problem import OFFSETS

Biases = Annotated[list[Annotated[float, Field(ge=-1000, le=1000)]], Field(min_length=1), AfterValidator(unique)]
Positive = Annotated[float, Field(gt=0, le=1_000_000)]
InitialWeights = Literal["scripts"] | Annotated[float, Field(gt=0, le=1000)]


class Problem(Settings):
    """A step function u of an affine map r = <v*, x> + b*, and the length of training."""

    n_features: int = Field(100, ge=1, le=100_000)
    """Input dimension d of the step function."""
    input_scale: Positive | Literal["variant"] = "variant"
    """Standard deviation of each input. `variant`: 0.01 for the authors' scripts, 1 for the paper's text. The text
    states no value; 1 is this project's choice."""
    initial_biases: Biases | None = None
    """Initial values of b - b*, the learner's bias minus the target's bias. Each replicate is trained once per value.
    null: one run from b = 0."""
    rate_factors: RateFactors = Field([1.0])
    """Factors of the learner's learning rate; each replicate is trained once per factor."""
    n_steps: int = Field(10_001, ge=1, le=100_000_000)
    """Training steps per run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Steps between two evaluations; the first follows the update of step 0, and the last step is always evaluated."""
    evaluation: int = Field(2560, ge=10, le=1_000_000)
    """Fresh samples per evaluation."""
    checkpoint_every: int = Field(5000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""
    seeds: Seeds | None = None
    """Seeds of this problem's replicates; null uses the shared `seeds`."""


class Learner(Settings):
    """A model of the step function, and its optimiser. The direct model u(<w, x> + b) has a gradient of zero almost
    everywhere; the kinds differ in what replaces it."""

    kind: Literal["non_flat", "end_to_end", "multiclass", "forward_only", "flat"]
    """Kind of model. `non_flat`: an affine map, then the non-flat approximation u~, in which a sum of sigmoids replaces
    u. `end_to_end`: ReLU layers and a linear output. `multiclass`: two ReLU layers and one output class per step.
    `forward_only`: an affine map, then u, with u' replaced by 1 in the gradient. `flat`: an affine map, then u, with
    the true gradient, which is 0."""
    width: int = Field(100, ge=1, le=100_000)
    """Units of each hidden layer."""
    depth: int | None = Field(None, ge=0, le=256)
    """Number of hidden layers of `end_to_end` (null: 3, as in the authors' scripts) or `forward_only` (null: 0). Not
    supported for other kinds."""
    residual: bool = False
    """Add a shortcut around each hidden layer of `end_to_end` except the first, and divide the branch by the number of
    hidden layers."""
    hidden: Literal["flat", "sign"] = "flat"
    """Activation of the hidden layers of `forward_only`: `flat` is the step function u with b* = 0, `sign` is the sign.
    The derivative of both is replaced by 1."""
    initial_weights: InitialWeights = "scripts"
    """Distribution of the initial weights of `end_to_end`. `scripts`: normal with standard deviation 1/sqrt(fan-in),
    truncated at two standard deviations, as in the authors' scripts. A number sigma: normal with standard deviation
    sigma/sqrt(fan-in) in the hidden layers (1.414 is He initialisation for ReLU) and 1/sqrt(fan-in) in the output
    layer."""
    slope: Positive = 50.0
    """Slope c in the non-flat approximation u~(r) = z_0 + sum_i h_i sigmoid(c (r - z_i)). r is the output of the
    learner's affine map. z_i is the value of u on step i, and also the r at which this step begins. h_i = z_i - z_(i-1)
    is the height of the step."""
    relative: bool | Literal["variant"] = "variant"
    """Divide the slope by the height of each step. `variant`: true for the authors' scripts, false for the paper's
    text."""
    shift: Annotated[float, Field(ge=-10, le=10)] | Literal["variant"] = "variant"
    """Distance by which the centre of sigmoid i lies below z_i, in units of the step height h_i (see `slope`).
    `variant`: 0.05 for the authors' scripts, 0 for the paper's text."""
    n_logits: Annotated[int, Field(ge=len(OFFSETS), le=100_000)] | Literal["variant"] = "variant"
    """Number of output classes of `multiclass`; classes beyond the number of steps never occur as labels. `variant`:
    100 for the authors' scripts, one per step for the paper's text."""
    batch_size: int = Field(256, ge=1, le=1_000_000)
    """Samples per step, drawn afresh."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """Keras optimiser and its arguments."""

    @model_validator(mode="after")
    def _layers_fit_the_kind(self) -> Learner:
        if self.depth is not None and self.kind not in ("end_to_end", "forward_only"):
            raise ValueError(f"depth: only supported for the kinds end_to_end and forward_only, not {self.kind}")
        for key, given in (("residual", self.residual), ("initial_weights", self.initial_weights != "scripts")):
            if given and self.kind != "end_to_end":
                raise ValueError(f"{key}: only supported for the kind end_to_end, not {self.kind}")
        return self


class Predicted(Single):
    """Figure of predictions, for the first replicate of one problem."""

    n_samples: int = Field(2560, ge=10, le=100_000)
    """Number of fresh samples in the figure."""


class Compared(Single):
    """Figure that compares the step learners."""

    targets: Annotated[list[Positive], Field(min_length=1), AfterValidator(unique)] = Field([0.1, 0.01])
    """Levels of unexplained variance; the figure reports the updates and samples needed to reach each level."""


class Glmtron(Settings):
    """GLMtron with a Lipschitz activation, as its convergence theorem assumes."""

    lipschitz: Annotated[list[Positive], Field(min_length=1), AfterValidator(unique)]
    """Lipschitz constants L of the activation, which rises linearly from 0 to 1 with slope L and is constant
    outside."""
    n_features: int = Field(20, ge=1, le=10_000)
    """Input dimension d; every input has norm 1."""
    n_samples: int = Field(1000, ge=1, le=1_000_000)
    """Training samples per run; each iteration uses all of them."""
    n_iterations: int = Field(10_000, ge=10, le=10_000_000)
    """Iterations per run."""
    n_replicates: int = Field(10, ge=1, le=10_000)
    """Number of replicates, each with its own samples and target."""


class ForwardOnly(Figure):
    """Figure of forward-only training, which replaces the derivative of u by 1, and of GLMtron, an algorithm for
    generalised linear models."""

    glmtron: Glmtron
    """GLMtron (Kakade et al. 2011; appendix A.7 of the paper) in the setting of its convergence theorem."""


class Config(Family):
    """Flat activations (section 5, Figure 7)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; a problem is trained only if a figure selects it."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; a learner is trained only if a figure selects it."""
    fig7: Predicted
    """Figure 7: the step function and the predictions of the learners."""
    step_learners: Compared
    """Error and cost of the step learners."""
    bias_sensitivity: Single
    """Success rate by initial bias b - b* and slope c of the sigmoids. A run succeeds if its unexplained variance is
    below 0.1 at the end. The problem must have `initial_biases`, and the learners the kind `non_flat`."""
    forward_only: ForwardOnly
    """Forward-only training (the derivative of u is replaced by 1) by optimiser and input scale, and the convergence
    rate of GLMtron, an algorithm for generalised linear models."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        for name in ("fig7", "step_learners", "bias_sensitivity", "forward_only"):
            figure = getattr(self, name)
            check_figure(figure, self.problems, self.learners, name)
            for problem in figure.problems:
                if (self.problems[problem].initial_biases is not None) != (name == "bias_sensitivity"):
                    wanted = "must have" if name == "bias_sensitivity" else "must not have"
                    raise ValueError(f"{name}.problems: '{problem}' {wanted} initial_biases")
        scales = [self.problems[problem].input_scale for problem in self.forward_only.problems]
        if len(set(scales)) < len(scales):
            raise ValueError("forward_only.problems: two problems have the same input_scale; select one of them")
        for learner in self.bias_sensitivity.learners:
            if self.learners[learner].kind != "non_flat":
                raise ValueError(f"bias_sensitivity.learners: '{learner}' must be of the kind 'non_flat'")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Resolve placeholder values: `variant`, and seeds that are null.

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
