"""The whole configuration: its schema, and the one function that validates it.

Families bring their own blocks: every folder of this package that has a `config.py` is a family. It
offers `Config`, the schema of its block, and `resolve`, which replaces values that stand for others.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, Field, ValidationError, create_model, model_validator

from failures.settings import Seeds, Settings, unique


class ConfigError(ValueError):
    """A bad configuration; its text is one line that names key, value and what is allowed."""


class Style(Settings):
    """Look of the figures; a change redraws figures and nothing else."""

    palette: Literal["colorblind", "deep", "muted", "bright", "dark"] = "colorblind"
    """Seaborn palette."""
    dpi: int = Field(200, ge=50, le=600)
    """Resolution of the PNG files."""


class Shared(Settings):
    """Keys that all families share."""

    scale: Literal["full", "preview", "test"] = "full"
    """What the sizes are meant for. Results of another scale than `full` have a folder of their own, and figures say
    so."""
    variant: Literal["code", "paper"] = "code"
    """Settings that the families take where text and scripts disagree: `code` the authors' scripts, which made the
    published figures; `paper` the text. Results of `paper` have a folder of their own."""
    families: list[str] | None = Field(None, min_length=1)
    """Families that the target `all` makes; all that have a block if left out."""
    seeds: Seeds = Field([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """Replicates; each has its own target, initial weights and data."""
    threads: int = Field(1, ge=1, le=64)
    """Threads of a job that trains or evaluates networks. Only the lines are faster with more; no result changes."""
    xla: bool = True
    """Let XLA compile the training loops. It takes some seconds a job, and pays from some hundred thousand steps on."""
    style: Style = Field(default_factory=Style)
    """Look of the figures."""

    @model_validator(mode="after")
    def _families_exist(self) -> Shared:
        for name in unique(self.families or []):
            if name not in families():
                raise ValueError(f"families: unknown family '{name}'; allowed: {', '.join(families())}")
            if getattr(self, name) is None:
                raise ValueError(f"families: '{name}' is selected but has no block '{name}'")
        if all(getattr(self, name) is None for name in families()):
            raise ValueError(f"no family has a block; families: {', '.join(families())}")
        return self


@cache
def families() -> tuple[str, ...]:
    """Names of the families, sorted."""
    return tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("*/config.py")))


def _family(name: str):
    return import_module(f"failures.{name}.config")


@cache
def schema() -> type[BaseModel]:
    """The model of the whole configuration: shared keys and one optional block a family."""
    blocks = {
        name: (_family(name).Config | None, Field(None, description=_family(name).Config.__doc__))
        for name in families()
    }
    return create_model("Config", __base__=Shared, __doc__="Configuration of the workflow.", **blocks)


def validate(raw: dict[str, Any], files: Iterable[str | Path] = ()) -> dict[str, Any]:
    """The configuration with all types settled, defaults filled in and names resolved.

    raw: the configuration after Snakemake has merged its files and `--config`.
    files: the files it was read from, searched for repeated keys, which YAML readers pass over.
    Raises ConfigError for the first of the errors.
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
    """Read, merge as Snakemake does (mappings merge, lists replace) and validate configuration files."""
    from snakemake.utils import update_config  # here alone, so that the library works without Snakemake

    raw: dict[str, Any] = {}
    for path in paths:
        update_config(raw, yaml.safe_load(Path(path).read_text("utf-8")))
    return validate(raw, paths)


# The same in C, where PyYAML was built with it: a tenth of the time.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_repeated_keys(path: str | Path) -> None:
    """Raise ConfigError if a mapping in the YAML file has a key twice, or if the file cannot be read."""
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
                    raise ConfigError(f"{path}, line {line}: key '{where}' stands more than once; keep one")
                seen.add(key.value)
                nodes.append((value, f"{where}."))


def _plain(value: Any) -> Any:
    """Snakemake's ordered mappings as plain ones; YAML keys that are no text keep a readable name."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _one_line(error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    # An error in one branch of a union hides behind the others; the most specific location wins.
    first = max(problems, key=lambda problem: len(_keys(problem["loc"])))
    keys = _keys(first["loc"])
    where, value = ".".join(keys), first["input"]
    match first["type"]:
        case "extra_forbidden":
            return f"config: {where}: unknown key; allowed: {', '.join(_allowed(keys[:-1]))}"
        case "missing":
            return f"config: {where} is missing; it is needed"
        case "value_error":
            return f"config: {where + ': ' if where else ''}{first['ctx']['error']}"
    same = [p["msg"] for p in problems if _keys(p["loc"]) == keys]
    allowed = "; or ".join(dict.fromkeys(message[0].lower() + message[1:] for message in same))
    return f"config: {where} = {_shown(value)}: {allowed}{_hint(value, allowed)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _hint(value: Any, allowed: str) -> str:
    """Advice for a number that YAML or Snakemake's command line reads as text, such as 1e-5."""
    if isinstance(value, str) and ("number" in allowed or "integer" in allowed):
        try:
            float(value)
        except ValueError:
            return ""
        return (
            " (this is text: write it without quotes, and with a decimal point before an exponent, such as 1.0e-5;"
            " lists and mappings given with --config arrive as text, so put them into a file)"
        )
    return ""


def _keys(location: tuple) -> list[str]:
    """Keys of the configuration in a pydantic location, without the names of union branches."""
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
    """The mapping or model that an annotation stands for, or the annotation itself."""
    if get_origin(annotation) is Annotated:
        return _inner(get_args(annotation)[0])
    if get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        return next((m for m in map(_inner, get_args(annotation)) if isinstance(m, type)), annotation)
    return annotation


def _allowed(keys: list[str]) -> list[str]:
    """Keys that the block at `keys` may have."""
    model: Any = schema()
    for key in keys:
        model = _inner(get_args(model)[1] if get_origin(model) is dict else model.model_fields[key].annotation)
    return sorted(model.model_fields)
