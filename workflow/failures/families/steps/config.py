"""Configuration block `steps`."""

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
    Settings,
    Single,
    Streamed,
    Trained,
    unique,
)
from failures.families.steps.problem import OFFSETS

Biases = Annotated[list[Annotated[float, Field(ge=-1000, le=1000)]], Field(min_length=1), AfterValidator(unique)]
Positive = Annotated[float, Field(gt=0, le=1_000_000)]
InitialWeights = Literal["scripts"] | Annotated[float, Field(gt=0, le=1000)]


class Problem(Trained):
    """A step function u of an affine map r = <v*, x> + b*, and the length of training."""

    n_steps: int = Field(10_001, ge=1, le=100_000_000)
    """Training steps per run."""
    n_features: int = Field(100, ge=1, le=100_000)
    """Input dimension d of the step function."""
    input_scale: Positive = 0.01
    """Standard deviation of each input: 0.01 in the authors' scripts. The paper's text states no value; for it, this
    project uses 1."""
    initial_biases: Biases | None = None
    """Initial values of b - b*, the learner's bias minus the target's bias. Each replicate is trained once per value.
    null: one run from b = 0."""
    evaluation: int = Field(2560, ge=10, le=1_000_000)
    """Fresh samples per evaluation."""


class Learner(Streamed):
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
    relative: bool = True
    """Divide the slope by the height of each step: true in the authors' scripts, false in the paper's text."""
    shift: float = Field(0.05, ge=-10, le=10)
    """Distance by which the centre of sigmoid i lies below z_i, in units of the step height h_i (see `slope`): 0.05 in
    the authors' scripts, 0 in the paper's text."""
    n_logits: Annotated[int, Field(ge=len(OFFSETS), le=100_000)] | Literal["steps"] = 100
    """Number of output classes of `multiclass`: 100 in the authors' scripts, one per step (`steps`) in the paper's
    text. Classes beyond the number of steps never occur as labels."""
    batch_size: int = Field(256, ge=1, le=1_000_000)
    """Samples per step, drawn afresh."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """Keras optimiser and its arguments."""

    @model_validator(mode="after")
    def _layers_fit_the_kind(self) -> Learner:
        if self.depth is not None and self.kind not in ("end_to_end", "forward_only"):
            raise ValueError(f"depth: only supported for the kinds end_to_end and forward_only, not {self.kind}")
        for key, is_set in (("residual", self.residual), ("initial_weights", self.initial_weights != "scripts")):
            if is_set and self.kind != "end_to_end":
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


class Experiments(JointExperiments):
    """Experiments on flat activations; each is one figure."""

    fig7: Predicted | None = None
    """Figure 7: the step function and the predictions of the learners."""
    step_learners: Compared | None = None
    """Error and cost of the step learners."""
    bias_sensitivity: Single | None = None
    """Success rate by initial bias b - b* and slope c of the sigmoids. A run succeeds if its unexplained variance is
    below 0.1 at the end. The problem must have `initial_biases`, and the learners the kind `non_flat`."""
    forward_only: ForwardOnly | None = None
    """Forward-only training (the derivative of u is replaced by 1) by optimiser and input scale, and the convergence
    rate of GLMtron, an algorithm for generalised linear models."""


class Config(Family):
    """Flat activations (section 5, Figure 7)."""

    problems: dict[Name, Problem] = Field(default_factory=dict)
    """Problems that several experiments share, by name."""
    learners: dict[Name, Learner] = Field(default_factory=dict)
    """Learners that several experiments share, by name."""
    experiments: Experiments
    """Experiments by name; each is one figure."""

    @model_validator(mode="after")
    def _problems_fit_their_figures(self) -> Config:
        figures = self.experiments.of_kind("fig7", "step_learners", "bias_sensitivity", "forward_only")
        for name, figure in figures:
            swept = self.experiments.kinds[name] == "bias_sensitivity"
            for problem in figure.problems:
                if (self.problems[problem].initial_biases is not None) != swept:
                    wanted = "must have" if swept else "must not have"
                    raise ValueError(f"experiments.{name}.problems: '{problem}' {wanted} initial_biases")
            for learner in figure.learners if swept else ():
                if self.learners[learner].kind != "non_flat":
                    raise ValueError(f"experiments.{name}.learners: '{learner}' must be of the kind 'non_flat'")
        return self

    @model_validator(mode="after")
    def _scales_differ(self) -> Config:
        for name, figure in self.experiments.of_kind("forward_only"):
            scales = [self.problems[problem].input_scale for problem in figure.problems]
            if len(set(scales)) < len(scales):
                raise ValueError(
                    f"experiments.{name}.problems: two problems have the same input_scale; select one of them"
                )
        return self


def footprint(problem: dict[str, Any], learner: dict[str, Any]) -> Footprint:
    """Return the numbers that the training of a learner on a problem holds.

    Args:
        problem: Validated block of a problem.
        learner: Validated block of a learner.
    """
    depth = {"multiclass": 2, "end_to_end": 3}.get(learner["kind"], 0) if learner["depth"] is None else learner["depth"]
    outputs = learner["n_logits"] if learner["kind"] == "multiclass" else 1
    sizes = layers([problem["n_features"], *[learner["width"]] * depth, outputs])
    return Footprint(*sizes, learner["batch_size"], problem["evaluation"])


def resolve(block: dict[str, Any]) -> dict[str, Any]:
    """Return a validated `steps` block with a number for the value `steps` of `n_logits`."""
    learners = {
        name: learner | {"n_logits": len(OFFSETS) if learner["n_logits"] == "steps" else learner["n_logits"]}
        for name, learner in block["learners"].items()
    }
    return block | {"learners": learners}
