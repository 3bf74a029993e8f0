"""Schema of the whole configuration, and its validation.

Every family has a module `config` that defines `Problem`, `Learner`, `Experiments` and `Config`, the schemas of its
block; and, where its values have placeholders, `resolve`, which replaces them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, create_model, field_validator, model_validator

from failures.config.entries import mapping
from failures.config.expand import Expanded, expand
from failures.config.layers import KINDS, read_layers
from failures.config.messages import one_line
from failures.config.types import JOINT, ConfigError, Optimizer, Seeds, Settings, unique
from failures.config.words import NAME
from failures.packages import families, package

# Folders of `results/` that a scale may not be named after.
RESERVED = {
    "benchmarks", "checkpoints", "decoded", "figures", "gradients", "instances", "logs", "paper", "predictions",
    "provenance", "runs", "tables",
}  # fmt: skip


class Style(Settings):
    """Appearance of the figures; a change redraws figures and reruns nothing else."""

    palette: Literal["colorblind", "deep", "muted", "bright", "dark"] = "colorblind"
    """Name of the seaborn palette."""
    dpi: int = Field(200, ge=50, le=600)
    """Resolution of the PNG files, in dots per inch."""


class Shared(Settings):
    """Keys that apply to all families."""

    scale: str = Field("full", pattern=NAME)
    """Scale of the experiments; `full` is the paper's. Another scale reads `config/scales/SCALE.yaml`, if that file
    exists, writes to `results/SCALE/` and is stated on the figures."""
    variant: Literal["code", "paper"] = "code"
    """Source of the settings where the authors' scripts and the paper's text disagree. `code`: the scripts, which
    produced the published figures. `paper`: the text, from `config/variants/paper.yaml`; the results go to a folder
    `paper/`."""
    families: list[str] | None = Field(None, min_length=1)
    """Families that the target `all` builds; null selects every family."""
    seeds: Seeds = Field([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """Seeds of the replicates; each replicate has its own target, initial weights and data. A problem with `replicates:
    3` uses the first three."""
    threads: int = Field(1, ge=1, le=64)
    """Threads per job that trains or evaluates networks. A second thread speeds up only the lines family and changes no
    result."""
    largest_memory: int = Field(64_000, ge=1000, le=100_000_000)
    """Largest memory of a training job, in MB. The workflow estimates the memory of each job from its problem and
    learner, requests it, and refuses settings that need more than this value."""
    xla: bool = True
    """Compile the training loops with XLA. Compilation takes a few seconds per job. It saves time only in jobs with
    more than a few hundred thousand training steps."""
    style: Style = Field(default_factory=Style)
    """Appearance of the figures."""
    optimizers: dict[str, Optimizer] = Field(default_factory=dict)
    """Optimisers by name, for `optimizer: {preset: NAME}` in learners of all families."""

    @field_validator("scale")
    @classmethod
    def _is_no_folder(cls, scale: str) -> str:
        if scale in RESERVED:
            raise ValueError(f"'{scale}' is a folder of results/; choose another name")
        return scale

    @model_validator(mode="after")
    def _families_exist(self) -> Shared:
        for name in unique(self.families or []):
            if name not in families():
                raise ValueError(f"families: unknown family '{name}'; allowed: {', '.join(families())}")
            if getattr(self, name) is None:
                raise ValueError(f"families: '{name}' is selected, but has no block '{name}'; add the block")
        if all(getattr(self, name) is None for name in families()):
            raise ValueError(f"no family has a block; add at least one of: {', '.join(families())}")
        return self


def family_module(name: str) -> Any:
    """Import the module `config` of a family."""
    return import_module(f"{package(name)}.config")


@cache
def schema() -> type[BaseModel]:
    """Return the model of the whole configuration: shared keys and one optional block per family."""
    return _model({name: family_module(name).Config for name in families()})


def _model(blocks: Mapping[str, type[BaseModel]]) -> type[BaseModel]:
    fields = {name: (block | None, Field(None, description=block.__doc__)) for name, block in blocks.items()}
    return create_model("Config", __base__=Shared, __doc__="Configuration of the workflow.", **fields)


def _with_experiments(name: str, kinds: Mapping[str, str]) -> type[BaseModel]:
    """Return the schema of a family's block, with the user's own experiments."""
    module = family_module(name)
    own = {experiment: kind for experiment, kind in kinds.items() if experiment != kind}
    if not own:
        return module.Config
    fields = {name: (module.Experiments.model_fields[kind].annotation, Field(None)) for name, kind in own.items()}
    experiments = create_model("Experiments", __base__=module.Experiments, **fields)
    experiments.own = own
    return create_model("Config", __base__=module.Config, __doc__=module.Config.__doc__, experiments=(experiments, ...))


def validate(written: Mapping[str, Any]) -> dict[str, Any]:
    """Expand and validate the configuration, fill in the defaults and resolve placeholder values.

    Args:
        written: The merged layers, from `failures.config.layers.read_layers`.

    Returns:
        The complete configuration in plain types. A family's block has the keys problems, learners and experiments,
        each a mapping by name; an experiment has its kind under `like`. `families` holds the selected families.

    Raises:
        ConfigError: The configuration is invalid; the text describes the first error in one line.
    """
    expanded = {name: _expand(name, written) for name in families() if written.get(name) is not None}
    _check_experiments(expanded)
    kinds = {name: expanded[name].kinds if name in expanded else {} for name in families()}
    own = any(name != kind for block in kinds.values() for name, kind in block.items())
    model = _model({name: _with_experiments(name, block) for name, block in kinds.items()}) if own else schema()
    plain = dict(written) | {name: family.block for name, family in expanded.items()}
    try:
        settings = model.model_validate(plain).model_dump()
    except ValidationError as error:
        origins = {(name, *key): origin for name, family in expanded.items() for key, origin in family.origins.items()}
        raise ConfigError(one_line(error, model, origins)) from None
    for name, family in expanded.items():
        settings[name] = _resolve(name, settings[name], family.kinds, settings["seeds"])
    del settings["optimizers"]
    return settings | {"families": settings["families"] or list(expanded)}


def _check_experiments(expanded: Mapping[str, Expanded]) -> None:
    """Raise ConfigError for an experiment of the user's own whose name is taken, or that cannot be drawn."""
    taken = {
        name: "is a target" for name in ("all", "page", "costs", "claims", "published", "comparisons", *families())
    }
    for family in families():
        taken |= {kind: "is an experiment of its own" for kind in family_module(family).Experiments.model_fields}
    for family, block in expanded.items():
        for name, kind in block.kinds.items():
            if name == kind:
                continue
            where = f"config: {family}.experiments.{name}"
            if kind in JOINT:
                raise ConfigError(f"{where}.like = '{kind}': this figure compares families; change `{kind}` itself")
            if name in taken or name.endswith(("_table", "_train", "_instances")):
                raise ConfigError(f"{where}: '{name}' {taken.get(name, 'is a target')}; choose another name")
            taken[name] = f"is an experiment of {family}"


def _expand(name: str, written: Mapping[str, Any]) -> Expanded:
    module = family_module(name)
    return expand(
        name,
        mapping(written[name], name),
        {"problems": module.Problem, "learners": module.Learner},
        list(module.Experiments.model_fields),
        mapping(written.get("optimizers"), "optimizers"),
    )


def _resolve(name: str, block: dict[str, Any], kinds: Mapping[str, str], seeds: list[int]) -> dict[str, Any]:
    """Resolve seeds, streams and the placeholders of a family in a validated block."""
    block = _with_seeds(block, seeds)
    for key in KINDS:
        block[key] = {entry: values | {"stream": values["stream"] or entry} for entry, values in block[key].items()}
    block["experiments"] = {
        experiment: {"like": kind} | block["experiments"][experiment] for experiment, kind in kinds.items()
    }
    resolve = getattr(family_module(name), "resolve", None)
    return block if resolve is None else resolve(block)


def _with_seeds(block: Any, shared: list[int]) -> Any:
    """Replace `seeds` and `replicates` by the sorted list of seeds, in a block and the blocks inside it."""
    if not isinstance(block, dict):
        return block
    found = {key: _with_seeds(value, shared) for key, value in block.items() if key != "replicates"}
    if "replicates" in block:
        found["seeds"] = sorted(block["seeds"] or shared[: block["replicates"]])
    return found


def load(root: str | Path, *overlays: str | Path, **given: Any) -> dict[str, Any]:
    """Read all layers below `root` and the overlays, and validate them.

    Args:
        root: Folder of `config.yaml` and `config/`.
        *overlays: The user's files, the last one on top.
        **given: Values such as scale="test".
    """
    return validate(read_layers(Path(root), overlays, given))
