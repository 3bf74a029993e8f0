"""JSON schema of the configuration as it is written, with `extends`, grids and selections, for editors."""

from __future__ import annotations

import copy
from typing import Any

_NAMES = {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}}


def written_schema(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of the files, from that of the validated configuration.

    Args:
        plain: Schema of `failures.config.schema.schema`; it is not changed.
    """
    tree = copy.deepcopy(plain)
    definitions = tree["$defs"]
    for family, field in tree["properties"].items():
        block = _definition(field, definitions)
        if block is None or "experiments" not in block["properties"]:
            continue
        entries = {key: _entry_name(block["properties"][key]) for key in ("problems", "learners")}
        for name in entries.values():
            _loosen(definitions[name])
        for key, name in entries.items():
            block["properties"][key] = _described(_mapping_of(name), block["properties"][key])
        block["properties"]["defaults"] = {
            "type": "object",
            "description": "Values of all problems and learners of the family that do not set the key.",
            "properties": {key: {"$ref": f"#/$defs/{name}"} for key, name in entries.items()},
            "additionalProperties": False,
        }
        block.pop("required", None)
        experiments = _definition(block["properties"]["experiments"], definitions)
        for experiment in experiments["properties"].values():
            _loosen_experiment(experiment, family, entries, definitions)
            experiment["anyOf"] = [*experiment["anyOf"], {"const": False}]
        own = {"type": "object", "properties": {"like": {"type": "string"}}, "required": ["like"]}
        experiments["additionalProperties"] = {"anyOf": [own, {"const": False}]}
    optimizer = definitions["Optimizer"]
    for key in ("name", "learning_rate"):
        optimizer["properties"][key] = _or_list(optimizer["properties"][key])
    optimizer["properties"]["preset"] = _or_list({"type": "string", "description": "Name of an entry in `optimizers`."})
    return tree


def _definition(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any] | None:
    """Return the definition that a field refers to, possibly as one of several options."""
    for option in (field, *field.get("anyOf", ())):
        if "$ref" in option:
            return definitions[option["$ref"].rsplit("/", 1)[1]]
    return None


def _entry_name(field: dict[str, Any]) -> str:
    """Return the name of the definition of the entries of `problems` or `learners`."""
    entry = field.get("additionalProperties") or next(iter(field["patternProperties"].values()))
    return entry["$ref"].rsplit("/", 1)[1]


def _mapping_of(name: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"anyOf": [{"$ref": f"#/$defs/{name}"}, {"enum": [None, False]}]}}


def _described(field: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return field | {key: other[key] for key in ("description", "title") if key in other}


def _or_list(field: dict[str, Any]) -> dict[str, Any]:
    """Return a field that also accepts a list: an axis of a grid."""
    notes = {key: field[key] for key in ("description", "title", "default") if key in field}
    single = {key: value for key, value in field.items() if key not in notes}
    return {"anyOf": [single, {"type": "array", "items": single}], **notes}


def _loosen(entry: dict[str, Any]) -> None:
    """Let an entry be written in part, extend another one and expand to a grid."""
    if "extends" in entry["properties"]:
        return  # shared with another family
    entry.pop("required", None)
    for key, field in entry["properties"].items():
        entry["properties"][key] = _or_list(field)
    entry["properties"]["stream"] = {"type": "string", "description": entry["properties"]["stream"]["description"]}
    entry["properties"]["extends"] = {"type": "string", "description": "Entry whose other keys this one inherits."}


def _loosen_experiment(
    field: dict[str, Any], family: str, entries: dict[str, str], definitions: dict[str, Any]
) -> None:
    """Let an experiment, and the blocks inside it, define what they select.

    Families share definitions such as Figure, so each family gets a copy that refers to its own problems and learners.
    """
    for option in (field, *field.get("anyOf", ())):
        if "$ref" not in option:
            continue
        name = option["$ref"].rsplit("/", 1)[1]
        own = f"{family}_{name}"
        option["$ref"] = f"#/$defs/{own}"
        if own in definitions:
            return
        block = definitions[own] = copy.deepcopy(definitions[name])
        block.pop("required", None)
        for key, inner in block["properties"].items():
            if key in entries:
                block["properties"][key] = _described({"anyOf": [_NAMES, _mapping_of(entries[key])]}, inner)
            else:
                _loosen_experiment(inner, family, entries, definitions)
