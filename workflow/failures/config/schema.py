"""Schema and validation of the whole configuration.

Every folder of this package with a `config.py` is a family. That module defines `Config`, the schema of the family's
block, and `resolve`, which resolves placeholder values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, Field, ValidationError, create_model, model_validator

from failures.config.types import Seeds, Settings, unique
from failures.packages import families, package


class ConfigError(ValueError):
    """An invalid configuration; its text is one line with the key, the value and the allowed values."""


class Style(Settings):
    """Appearance of the figures; a change redraws figures and reruns nothing else."""

    palette: Literal["colorblind", "deep", "muted", "bright", "dark"] = "colorblind"
    """Name of the seaborn palette."""
    dpi: int = Field(200, ge=50, le=600)
    """Resolution of the PNG files, in dots per inch."""


class Shared(Settings):
    """Keys that apply to all families."""

    scale: Literal["full", "preview", "test"] = "full"
    """Scale of the experiments; `full` is the paper's. Results at another scale go to `results/SCALE/`, and their
    figures state the scale."""
    variant: Literal["code", "paper"] = "code"
    """Source of the settings where the authors' scripts and the paper's text disagree. `code`: the scripts, which
    produced the published figures. `paper`: the text; the results go to a folder `paper/`."""
    families: list[str] | None = Field(None, min_length=1)
    """Families that the target `all` builds; null selects every family that has a block."""
    seeds: Seeds = Field([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """Seeds of the replicates; each replicate has its own target, initial weights and data."""
    threads: int = Field(1, ge=1, le=64)
    """Threads per job that trains or evaluates networks. More threads speed up only the lines family and change no
    result."""
    xla: bool = True
    """Compile the training loops with XLA. Compilation takes a few seconds per job. It saves time only in jobs with
    more than a few hundred thousand training steps."""
    style: Style = Field(default_factory=Style)
    """Appearance of the figures."""

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


def _family(name: str):
    return import_module(f"{package(name)}.config")


@cache
def schema() -> type[BaseModel]:
    """Return the model of the whole configuration: shared keys and one optional block per family."""
    blocks = {
        name: (_family(name).Config | None, Field(None, description=_family(name).Config.__doc__))
        for name in families()
    }
    return create_model("Config", __base__=Shared, __doc__="Configuration of the workflow.", **blocks)


def validate(raw: dict[str, Any], files: Iterable[str | Path] = ()) -> dict[str, Any]:
    """Validate the configuration, fill in the defaults and resolve placeholder values.

    Args:
        raw: The configuration after Snakemake has merged its files and `--config`.
        files: The files it was read from; they are searched for duplicate keys, which YAML readers accept.

    Returns:
        The complete configuration, with the names of the selected families under `families`.

    Raises:
        ConfigError: The configuration is invalid; the text describes the first error.
    """
    for path in files:
        check_repeated_keys(path)
    try:
        settings = schema().model_validate(_plain(raw)).model_dump()
    except ValidationError as error:
        raise ConfigError(_one_line(error)) from None
    configured = [name for name in families() if settings[name] is not None]
    for name in configured:
        settings[name] = _family(name).resolve(settings[name], settings["variant"], settings["seeds"])
    return settings | {"families": settings["families"] or configured}


def load(*paths: str | Path) -> dict[str, Any]:
    """Read configuration files, merge them as Snakemake does (mappings merge, lists replace) and validate them."""
    from snakemake.utils import update_config  # imported here so that the library works without Snakemake

    raw: dict[str, Any] = {}
    for path in paths:
        update_config(raw, yaml.safe_load(Path(path).read_text("utf-8")))
    return validate(raw, paths)


# PyYAML's loader in C, where it is available, takes a tenth of the time.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_repeated_keys(path: str | Path) -> None:
    """Raise ConfigError if the YAML file cannot be read or if one of its mappings has a duplicate key."""
    try:
        root = yaml.compose(Path(path).read_text("utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from None
    nodes = [(root, "")]
    while nodes:
        node, prefix = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                where = f"{prefix}{key.value}"
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise ConfigError(f"{path}, line {line}: duplicate key '{where}'; keep one of them")
                seen.add(key.value)
                nodes.append((value, f"{where}."))


def _plain(value: Any) -> Any:
    """Convert Snakemake's ordered mappings to plain ones and all keys to strings."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


# How pydantic's messages name a mapping.
_PYTHON_TYPES = re.compile(r"dictionary( or instance of \w+)?")


def _one_line(error: ValidationError) -> str:
    """Describe the first error of a validation in one line."""
    problems = error.errors(include_url=False)
    # A union reports an error per branch; the most deeply nested location is the relevant one.
    first = max(problems, key=lambda problem: len(_keys(problem["loc"])))
    keys = _keys(first["loc"])
    where, value = ".".join(keys), first["input"]
    if first["loc"][-1:] == ("[key]",):
        return f"config: {'.'.join(keys[:-2])}: invalid name {_shown(value)}; {_lowered(first['msg'])}"
    match first["type"]:
        case "extra_forbidden":
            return f"config: {where}: unknown key; allowed: {', '.join(_allowed(keys[:-1]))}"
        case "missing":
            return f"config: {where}: missing required key; docs/configuration.md describes it"
        case "value_error":
            return f"config: {where + ': ' if where else ''}{first['ctx']['error']}"
    same = [_PYTHON_TYPES.sub("mapping", p["msg"]) for p in problems if _keys(p["loc"]) == keys]
    allowed = "; or ".join(dict.fromkeys(map(_lowered, same)))
    return f"config: {where} = {_shown(value)}: {allowed}{_hint(value, allowed)}"


def _lowered(message: str) -> str:
    return message[0].lower() + message[1:]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _hint(value: Any, allowed: str) -> str:
    """Advice for a number that YAML or Snakemake's command line reads as a string, such as 1e-5."""
    if isinstance(value, str) and ("number" in allowed or "integer" in allowed):
        try:
            float(value)
        except ValueError:
            return ""
        return (
            " (this is a string: write the number without quotes and with a decimal point before the exponent, such as"
            " 1.0e-5; --config passes lists and mappings as strings: put them into an overlay)"
        )
    return ""


def _keys(location: tuple) -> list[str]:
    """Return the configuration keys in a pydantic location, without the names of union branches."""
    keys: list[str] = []
    model: Any = schema()
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            keys.append(str(part))
            model = _inner(model.model_fields[part].annotation) if part in model.model_fields else None
        elif get_origin(model) is dict:
            if part != "[key]":
                keys.append(str(part))
            model = _inner(get_args(model)[1])
        elif isinstance(part, int):
            keys.append(str(part))
            model = None
    return keys


def _inner(annotation: Any) -> Any:
    """Return the mapping or model inside an annotation, or the annotation itself."""
    if get_origin(annotation) is Annotated:
        return _inner(get_args(annotation)[0])
    if get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        return next((m for m in map(_inner, get_args(annotation)) if isinstance(m, type)), annotation)
    return annotation


def _allowed(keys: list[str]) -> list[str]:
    """Return the keys that the block at `keys` may have."""
    model: Any = schema()
    for key in keys:
        model = _inner(get_args(model)[1] if get_origin(model) is dict else model.model_fields[key].annotation)
    return sorted(model.model_fields)
