"""Types of the configuration blocks; each key has a type, a range and a description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from failures.config.words import MULTIPLE, NAME, shown
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
_MUON_DECAY = {"weight_decay", "adam_weight_decay"}
_BELOW_ONE = {"momentum", "rho", "beta_1", "beta_2"}
_SIGNED = {"beta_2_decay", "learning_rate_power"}
ACTIVATIONS = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "tanh", "sigmoid", "hard_tanh", "linear"
]  # fmt: skip
LOSSES = Literal["hinge", "square", "logistic"]
# Experiments that compare several families.
JOINT = ("depth_training", "optimisers")


class ConfigError(ValueError):
    """An invalid configuration; its text is one line with the key, the value and the allowed values."""


class Settings(BaseModel):
    """A block of the configuration; unknown keys, strings for numbers, NaN and infinity are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)


def unique(values: list) -> list:
    """Return `values`; raise ValueError if one of them is repeated."""
    repeated = [value for value in values if values.count(value) > 1]
    if repeated:
        raise ValueError(f"duplicate value {shown(repeated[0])}; list each value once")
    return values


Name = Annotated[str, Field(pattern=NAME)]
"""Name of a problem or learner: lower-case letters, digits and underscores. It is used as a folder name."""
Names = Annotated[list[Name], Field(min_length=1), AfterValidator(unique)]
Seed = Annotated[int, Field(ge=0, le=999_999)]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(unique)]
Width = Annotated[int, Field(ge=1, le=100_000)] | Annotated[str, Field(pattern=MULTIPLE)]
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
    and `learning_rate_power`.

    Weight decay is off unless `weight_decay` is given; only AdamW decays by 0.004 without it. Muon requires
    `weight_decay`, which it applies to matrices, and `adam_weight_decay`, which it applies to all other weights, such
    as biases, normalisation and convolutions.

    `epsilon` is under the square root in RMSprop, Adagrad and Adadelta, and outside it in the others. Adam, AdamW and
    Muon add it before the bias correction, so that step t divides it by sqrt(1 - beta_2^t).

    Evaluations and saved models of ScheduleFreeAdamW are of the training point, at which it takes gradients, not of the
    average of its iterates."""

    @model_validator(mode="after")
    def _arguments_fit_the_optimizer(self) -> Optimizer:
        allowed = OPTIMIZERS[self.name] | _COMMON
        if self.name == "Muon" and (missing := sorted(_MUON_DECAY - self.arguments.keys())):
            raise ValueError(
                f"Muon requires the argument '{missing[0]}' (Keras' default is 0.004); give 'weight_decay' for matrices"
                " and 'adam_weight_decay' for all other weights, such as 0.0 for no decay"
            )
        for key, value in self.arguments.items():
            if key not in allowed:
                raise ValueError(f"{self.name} takes no argument '{key}'; allowed: {', '.join(sorted(allowed))}")
            if key in _BELOW_ONE and not 0 <= value < 1:
                raise ValueError(f"'{key}' = {shown(value)} must be at least 0 and less than 1")
            if key not in _SIGNED and value < 0:
                raise ValueError(f"'{key}' = {shown(value)} must be at least 0")
        return self


def _list_architectures(field: dict[str, Any]) -> None:
    """Add the built-in architectures to the JSON schema of a field; editors accept other names, too."""
    described = architectures.describe()
    field["anyOf"] = [{"enum": list(described)}, {"type": field.pop("type")}]
    field["description"] += "".join(f" `{name}`: {text[0].lower()}{text[1:]}" for name, text in described.items())


class Streamed(Settings):
    """Keys of every learner."""

    stream: Name | None = None
    """Name of the learner in the keys of the random streams; null uses the learner's own name. Learners with the same
    value start from the same random numbers."""


class Learner(Streamed):
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
    """Activation of the hidden layers, by its Keras name. `leaky_relu` has the slope 0.2 below zero, unlike the layer
    `LeakyReLU` (0.3)."""
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


Factors = Annotated[list[Annotated[float, Field(gt=0, le=1_000_000)]], Field(min_length=1), AfterValidator(unique)]
Step = Annotated[int, Field(ge=0, le=100_000_000)]
Steps = Annotated[list[Step], AfterValidator(unique)]


class Replicated(Settings):
    """Keys of everything that has replicates."""

    replicates: int | None = Field(None, ge=1, le=100_000)
    """Largest number of replicates: the first of the shared `seeds`; null uses all of them."""
    seeds: Seeds | None = None
    """Seeds of the replicates; null uses the shared `seeds`, as many as `replicates` allows."""


class Trained(Replicated):
    """Keys of every problem that networks are trained on."""

    stream: Name | None = None
    """Name of the problem in the keys of the random streams; null uses the problem's own name."""
    rate_factors: Factors = Field([1.0])
    """Factors of the learner's learning rate; each instance is trained once per factor."""
    n_steps: int = Field(50_000, ge=1, le=100_000_000)
    """Training steps per run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Steps between two evaluations; the first follows the update of step 0, and the last step is always evaluated."""
    checkpoint_every: int = Field(5_000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""


class Saved(Trained):
    """Keys of problems whose networks may be saved during training."""

    snapshots: Steps = Field(default_factory=list)
    """Steps after which the network is saved, in addition to the initial and the final network; each must be an
    evaluation step. Steps beyond the end of a run are ignored."""

    @model_validator(mode="after")
    def _snapshots_are_evaluated(self) -> Saved:
        for step in self.snapshots:
            if step >= self.n_steps or (step % self.evaluate_every and step != self.n_steps - 1):
                raise ValueError(
                    f"snapshots: no evaluation at step {step}; use a multiple of evaluate_every = {self.evaluate_every}"
                    f" below n_steps = {self.n_steps}, or the last step"
                )
        return self


class Figure(Settings):
    """Selection of runs for a figure: every selected learner on every selected problem."""

    problems: Names
    """Problems of this family to show, by name, or their definitions."""
    learners: Names
    """Learners of this family to show, by name, or their definitions."""


class Single(Figure):
    """Selection of runs for a figure of a single problem."""

    problems: Annotated[Names, Field(max_length=1)]
    """The problem of this family to show, by name, or its definition."""


class JointExperiments(Settings):
    """Experiments that every family may have: its runs in the figures that compare families."""

    own: ClassVar[dict[str, str]] = {}
    """Kinds of the user's own experiments, by name."""

    depth_training: Figure | None = None
    """Runs of this family in the figure `depth_training`, which compares families."""
    optimisers: Figure | None = None
    """Runs of this family in the figure `optimisers`, which compares families."""

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of each experiment by name."""
        return {name: self.own.get(name, name) for name, block in self if block is not None}

    def of_kind(self, *kinds: str) -> Iterator[tuple[str, Any]]:
        """Yield the name and the block of every experiment of these kinds."""
        for name, kind in self.kinds.items():
            if kind in kinds:
                yield name, getattr(self, name)


def check_selected(selected: list[str], defined: dict[str, Any], kind: str, where: str) -> None:
    """Raise ValueError if a name in `selected` is not defined."""
    for name in selected:
        if name not in defined:
            raise ValueError(f"{where}: unknown {kind} '{name}'; defined: {', '.join(sorted(defined)) or 'none'}")


class Family(Settings):
    """Keys that every family's block has."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Family:
        for name in self.experiments.kinds:
            _check_selections(getattr(self.experiments, name), self, f"experiments.{name}")
        return self


def _check_selections(block: Settings, family: Family, where: str) -> None:
    """Check the names that a block and the blocks inside it select."""
    for key, value in block:
        if isinstance(value, Settings):
            _check_selections(value, family, f"{where}.{key}")
        elif key in ("problems", "learners"):
            check_selected(value, getattr(family, key), key.removesuffix("s"), f"{where}.{key}")
