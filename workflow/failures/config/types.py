"""Types of the configuration blocks; each key has a type, a range and a description."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from failures.engine import architectures

# Keras' optimisers and the arguments of each, except `learning_rate`. Importing Keras takes seconds, so this module
# does not; a test compares the table with Keras.
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
# Figures that compare several families. Each family may select runs for them.
JOINT = ("depth_training", "optimisers")


class Settings(BaseModel):
    """A block of the configuration; unknown keys, strings for numbers, NaN and infinity are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)


def unique(values: list) -> list:
    """Return `values`; raise ValueError if one of them is repeated."""
    repeated = [value for value in values if values.count(value) > 1]
    if repeated:
        raise ValueError(f"duplicate value {repeated[0]}; list each value once")
    return values


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Name of a problem or learner: lower-case letters, digits and underscores. It is used as a folder name."""
Names = Annotated[list[Name], Field(min_length=1), AfterValidator(unique)]
Seed = Annotated[int, Field(ge=0, le=999_999)]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(unique)]
Width = Annotated[int, Field(ge=1, le=100_000)] | Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}d$")]
"""Units of a layer: an integer, or a multiple of the input dimension such as ``10d``."""


class Optimizer(Settings):
    """A Keras optimiser."""

    name: Literal[tuple(OPTIMIZERS)] = "SGD"
    """Class name of the Keras optimiser."""
    learning_rate: float = Field(0.01, gt=0, le=1000)
    """Learning rate."""
    arguments: dict[str, bool | int | float] = Field(default_factory=dict)
    """Further arguments by their Keras names, such as `{beta_2: 0.99, epsilon: 1.0e-5}`; omitted arguments keep Keras'
    defaults. Decay rates and momenta must lie in [0, 1). All other numbers must be at least 0, except `beta_2_decay`
    and `learning_rate_power`."""

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


def _list_architectures(field: dict[str, Any]) -> None:
    """Add the built-in architectures to the JSON schema of a field; editors accept other names, too."""
    described = architectures.describe()
    field["anyOf"] = [{"enum": list(described)}, {"type": field.pop("type")}]
    field["description"] += "".join(f" `{name}`: {text[0].lower()}{text[1:]}" for name, text in described.items())


class Learner(Settings):
    """A network with one linear output unit, its loss and its optimiser."""

    architecture: Annotated[str, AfterValidator(architectures.check)] = Field(
        "fully_connected", validate_default=True, json_schema_extra=_list_architectures
    )
    """Type of the hidden layers: a name of this list, or one that an installed package registers (CONTRIBUTING.md)."""
    width: Width = "10d"
    """Units (or filters) per hidden layer; `10d` means ten times the input dimension d."""
    depth: int = Field(1, ge=0, le=256)
    """Number of hidden layers; 0 is a linear model of the inputs, or of the quadratic features."""
    activation: ACTIVATIONS = "relu"
    """Activation of the hidden layers, by its Keras name."""
    normalization: Literal["none", "layer"] = "none"
    """`layer` applies layer normalisation to each hidden layer before its activation. Batch normalisation is not
    offered: it leaves the gradient of a single sample undefined, and the theory concerns that gradient."""
    initial_weights: Literal["scripts"] | Annotated[float, Field(gt=0, le=1000)] = "scripts"
    """Distribution of the initial weights. `scripts`: normal with standard deviation 1/sqrt(fan-in), truncated at two
    standard deviations, as in the authors' scripts. A number sigma: normal with standard deviation sigma/sqrt(fan-in)
    in the hidden layers (1.414 is He initialisation for ReLU) and 1/sqrt(fan-in) in the output layer."""
    initial_biases: float = Field(0.0, ge=0, le=1000)
    """Standard deviation of the initial biases of the hidden layers, which are normal."""
    branch_scale: Literal["one", "depth"] = "one"
    """Divisor of each residual branch: 1 (`one`) or the number of hidden layers (`depth`)."""
    loss: LOSSES = "hinge"
    """Loss per sample with label y and score p: `hinge` max(0, 1 - yp), `square` (p - y)^2 / 2, `logistic` log(1 +
    exp(-yp))."""
    batch_size: int = Field(128, ge=1, le=1_000_000)
    """Samples per step, drawn afresh."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """Keras optimiser and its arguments."""


RateFactors = Annotated[list[Annotated[float, Field(gt=0, le=1_000_000)]], Field(min_length=1), AfterValidator(unique)]
"""Factors of the learner's learning rate; each replicate is trained once per factor."""


class Figure(Settings):
    """Selection of runs for a figure: every selected learner on every selected problem."""

    problems: Names
    """Problems of this family to show, by name."""
    learners: Names
    """Learners of this family to show, by name."""


class Single(Figure):
    """Selection of runs for a figure of a single problem."""

    problems: Annotated[Names, Field(max_length=1)]
    """The problem of this family to show, by name."""


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
    """Keys that every family's block has: its runs in the figures that compare several families."""

    depth_training: Figure | None = None
    """Runs of this family in the figure `depth_training`, which compares families; null selects none."""
    optimisers: Figure | None = None
    """Runs of this family in the figure `optimisers`, which compares families; null selects none."""

    @model_validator(mode="after")
    def _joint_selections_are_defined(self) -> Family:
        for name in JOINT:
            if (figure := getattr(self, name)) is not None:
                check_figure(figure, self.problems, self.learners, name)
        return self
