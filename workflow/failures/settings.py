"""Types that configuration blocks are built from; each key has a type, a range and a description."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

# Keras' optimisers and the arguments that each takes beside `learning_rate`; a test compares the
# table with Keras, which is not imported here because that takes seconds.
_ADAM = {"beta_1", "beta_2", "epsilon"}
_COMMON = {"weight_decay", "clipnorm", "clipvalue", "global_clipnorm"}
OPTIMIZERS: dict[str, set[str]] = {
    "SGD": {"momentum", "nesterov"},
    "RMSprop": {"rho", "momentum", "epsilon", "centered"},
    "Adam": _ADAM | {"amsgrad"},
    "AdamW": _ADAM | {"amsgrad"},
    "Adamax": _ADAM,
    "Nadam": _ADAM,
    "Lamb": _ADAM,
    "Lion": {"beta_1", "beta_2"},
    "ScheduleFreeAdamW": _ADAM | {"warmup_steps"},
    "Adadelta": {"rho", "epsilon"},
    "Adagrad": {"initial_accumulator_value", "epsilon"},
    "Adafactor": {"beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step"},
    "Ftrl": {"learning_rate_power", "initial_accumulator_value", "beta"},
    "Muon": {"momentum", "nesterov", "ns_steps", "rms_rate", "epsilon", "adam_weight_decay"},
}
_BELOW_ONE = {"momentum", "rho", "beta_1", "beta_2"}
_SIGNED = {"beta_2_decay", "learning_rate_power"}
ACTIVATIONS = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "tanh", "sigmoid", "hard_tanh", "linear"
]  # fmt: skip
LOSSES = Literal["hinge", "square", "logistic"]
# Figures over several families, each of which may select runs of its own for them.
JOINT = ("depth_training", "optimisers")


class Settings(BaseModel):
    """A block of the configuration: unknown keys, text for numbers, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)


def unique(values: list) -> list:
    """`values`; ValueError if one of them is repeated."""
    repeated = [value for value in values if values.count(value) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]} stands in the list more than once")
    return values


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Name of a problem or learner: lower-case letters, digits and underscores. It becomes a folder name."""
Names = Annotated[list[Name], Field(min_length=1), AfterValidator(unique)]
Seed = Annotated[int, Field(ge=0, le=999_999)]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(unique)]
Width = Annotated[int, Field(ge=1, le=100_000)] | Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}d$")]
"""Units of a layer: a number, or a multiple of the input dimension such as ``10d``."""


class Optimizer(Settings):
    """A Keras optimiser."""

    name: Literal[tuple(OPTIMIZERS)] = "SGD"
    """Keras' name of the optimiser."""
    learning_rate: float = Field(0.01, gt=0, le=1000)
    """Step size."""
    arguments: dict[str, bool | int | float] = Field(default_factory=dict)
    """Further arguments by Keras' names, such as `{beta_2: 0.99, epsilon: 1.0e-5}`; those left out have Keras'
    defaults. Decay rates and momenta lie in [0, 1), other numbers are at least 0."""

    @model_validator(mode="after")
    def _arguments_fit_the_optimizer(self) -> Optimizer:
        allowed = OPTIMIZERS[self.name] | _COMMON
        for key, value in self.arguments.items():
            if key not in allowed:
                raise ValueError(f"{self.name} takes no argument '{key}'; allowed: {', '.join(sorted(allowed))}")
            if key in _BELOW_ONE and not 0 <= value < 1:
                raise ValueError(f"'{key}' = {value} must be at least 0 and less than 1")
            if key not in _SIGNED and value < 0:
                raise ValueError(f"'{key}' = {value} must be at least 0")
        return self


class Learner(Settings):
    """A network with a linear output of one unit, its loss and its optimiser."""

    architecture: Literal["fully_connected", "residual", "convolutional", "quadratic"] = "fully_connected"
    """Hidden layers: `fully_connected`; `residual`, with a shortcut around each but the first; `convolutional`, 1-d
    with 3 taps and `width` filters; `quadratic`, fully connected ones over the inputs and their products in pairs."""
    width: Width = "10d"
    """Units of each hidden layer; `10d` means ten times the input dimension."""
    depth: int = Field(1, ge=0, le=256)
    """Number of hidden layers; 0 is linear in the inputs (or in the quadratic features)."""
    activation: ACTIVATIONS = "relu"
    """Activation of the hidden layers (a Keras name)."""
    normalization: Literal["none", "layer"] = "none"
    """`layer` normalises each hidden layer before its activation. There is no batch normalisation: with it, the
    gradient of one sample, which the theory is about, is not defined."""
    initial_weights: Literal["scripts"] | Annotated[float, Field(gt=0, le=1000)] = "scripts"
    """Spread of the initial weights: `scripts`, a normal of standard deviation 1/sqrt(fan in) cut at two of these; or
    sigma, for a normal of sigma/sqrt(fan in) in the hidden layers (1.414 is He's for ReLU) and 1/sqrt(fan in) in the
    output."""
    initial_biases: float = Field(0.0, ge=0, le=1000)
    """Standard deviation of the hidden layers' initial biases."""
    branch_scale: Literal["one", "depth"] = "one"
    """What each branch of a residual body is divided by: nothing, or the depth."""
    loss: LOSSES = "hinge"
    """Loss of one sample, of label y in {-1, +1} and score p: hinge max(0, 1 - yp), square (p - y)^2 / 2, logistic
    log(1 + exp(-yp))."""
    batch_size: int = Field(128, ge=1, le=1_000_000)
    """Fresh samples for each step."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """The optimiser."""


RateFactors = Annotated[list[Annotated[float, Field(gt=0, le=1_000_000)]], Field(min_length=1), AfterValidator(unique)]
"""Each replicate is trained once for each of these multiples of the learner's learning rate."""


class Figure(Settings):
    """What a figure shows: every selected learner on every selected problem."""

    problems: Names
    """Names of problems."""
    learners: Names
    """Names of learners."""


class Single(Figure):
    """What a figure shows of a single problem."""

    problems: Annotated[Names, Field(max_length=1)]
    """Name of the problem."""


def check_selected(selected: list[str], defined: dict[str, Any], kind: str, where: str) -> None:
    """Raise ValueError if a name in `selected` is not defined."""
    for name in selected:
        if name not in defined:
            raise ValueError(f"{where}: unknown {kind} '{name}'; defined: {', '.join(sorted(defined)) or 'none'}")


def check_figure(figure: Figure, problems: dict[str, Any], learners: dict[str, Any], where: str) -> None:
    """Raise ValueError if the figure at `where` selects a problem or learner that is not defined."""
    check_selected(figure.problems, problems, "problem", f"{where}.problems")
    check_selected(figure.learners, learners, "learner", f"{where}.learners")


class Family(Settings):
    """What every family's block has: the runs that figures over several families compare."""

    depth_training: Figure | None = None
    """Runs of this family that the figure `depth_training` compares; none if left out."""
    optimisers: Figure | None = None
    """Runs of this family that the figure `optimisers` compares; none if left out."""

    @model_validator(mode="after")
    def _joint_selections_are_defined(self) -> Family:
        for name in JOINT:
            if (figure := getattr(self, name)) is not None:
                check_figure(figure, self.problems, self.learners, name)
        return self
