"""Errors of the validation, each as one line."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from failures.config.words import NAME, PATTERNS, describe, inner, shown


def one_line(error: ValidationError, model: type[BaseModel], origins: Mapping[tuple[str, ...], str]) -> str:
    """Describe the first error of a validation in one line.

    Args:
        error: The error of pydantic.
        model: The schema.
        origins: Where problems and learners are written, by (family, key, name).
    """
    problems = error.errors(include_url=False)
    # A union reports an error per branch. The relevant one is the most deeply nested one, or that of a check by hand.
    first = max(problems, key=lambda problem: (len(_keys(problem["loc"], model)), problem["type"] == "value_error"))
    keys = _keys(first["loc"], model)
    where, value = _written(keys, origins), first["input"]
    if first["loc"][-1:] == ("[key]",):
        return f"config: {'.'.join(keys[:-2])}: invalid name {shown(value)}; allowed: {PATTERNS[NAME]}"
    match first["type"]:
        case "extra_forbidden":
            hint = f"; experiments stand under {keys[0]}.experiments" if _is_experiment(keys, model) else ""
            return f"config: {where}: unknown key; allowed: {', '.join(_allowed(keys[:-1], model))}{hint}"
        case "missing":
            return f"config: {where}: missing required key; docs/configuration.md describes it"
        case "value_error":
            return f"config: {where + ': ' if where else ''}{first['ctx']['error']}"
    allowed = _described(keys, model)
    return f"config: {where} = {shown(value)}: allowed: {allowed}{_hint(value, allowed)}"


def _described(keys: list[str], model: type[BaseModel]) -> str:
    """Describe the allowed values of a key."""
    tree = _tree(model)
    field: dict[str, Any] = tree | {"type": "object"}
    for key in keys:
        field = inner(field, key, tree)
    words = describe(field, tree)
    for sign, plain in {"`": "'", "≥": ">=", "≤": "<="}.items():
        words = words.replace(sign, plain)
    return words


@cache
def _tree(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _is_experiment(keys: list[str], model: Any) -> bool:
    """Return whether a key of a family is the name of one of its experiments."""
    return (
        len(keys) == 2
        and "experiments" in _allowed(keys[:1], model)
        and keys[1] in _allowed([keys[0], "experiments"], model)
    )


def _written(keys: list[str], origins: Mapping[tuple[str, ...], str]) -> str:
    """Return the place of a key in the configuration as it is written."""
    family, *rest = keys or [""]
    origin = origins.get(tuple(keys[:3]))
    return ".".join([family, origin, *rest[2:]] if origin else keys)


def _hint(value: Any, allowed: str) -> str:
    """Advice for a number or truth value that YAML or Snakemake's command line reads as a string."""
    if not isinstance(value, str):
        return ""
    if value.lower() in ("true", "false") and "true or false" in allowed:
        return f"; this is a string: write {value.lower()} without quotes, or {value.title()} after --config"
    if "number" in allowed or "integer" in allowed:
        try:
            float(value)
        except ValueError:
            return ""
        return (
            "; this is a string: write the number without quotes and with a decimal point before the exponent, such as"
            " 1.0e-5; --config passes lists and mappings as strings: put them into an overlay"
        )
    return ""


def _keys(location: tuple, model: Any) -> list[str]:
    """Return the configuration keys in a pydantic location, without the names of union branches."""
    keys: list[str] = []
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


def _allowed(keys: list[str], model: Any) -> list[str]:
    """Return the keys that the block at `keys` may have."""
    for key in keys:
        model = _inner(get_args(model)[1] if get_origin(model) is dict else model.model_fields[key].annotation)
    further = {"defaults"} if "experiments" in model.model_fields else set()
    return sorted({*model.model_fields, *further})
