"""Allowed values of a key in words, from the JSON schema: for error messages and for the reference."""

from __future__ import annotations

import re
from typing import Any

# Patterns of names, and of a multiple of the input dimension.
NAME, MULTIPLE = r"^[a-z][a-z0-9_]{0,39}$", r"^[1-9][0-9]{0,3}d$"
# What strings of these patterns are, in words.
PATTERNS = {
    NAME: "name of lower-case letters, digits and underscores, 40 at most, a letter first",
    MULTIPLE: "multiple of the input dimension such as `10d`",
}


def describe(field: dict[str, Any], tree: dict[str, Any]) -> str:
    """Describe the type and range of a field in Markdown.

    Args:
        field: JSON schema of the field.
        tree: Schema that holds the definitions.
    """
    if "$ref" in field:
        field = target(field, tree)
    if "anyOf" in field:
        options = [describe(option, tree) for option in field["anyOf"]]
        return ", or ".join(option for option in options if option != "integer" or "number" not in options)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = field.get("type")
    match kind:
        case "array":
            items = re.sub(r"^(integer|number|string|name)", r"\1s", describe(field["items"], tree))
            return f"list of {items}{_length(field)}"
        case "integer" | "number":
            return _range(kind, field)
        case "string":
            return PATTERNS.get(field.get("pattern"), "string")
        case "boolean":
            return "true or false"
        case "null":
            return "null"
    return "non-empty mapping" if field.get("minProperties") else "mapping"


def target(field: dict[str, Any], tree: dict[str, Any]) -> dict[str, Any] | None:
    """Return the mapping that a field holds, through references and optional types; None for other fields."""
    if "$ref" in field:
        return tree["$defs"][field["$ref"].rsplit("/", 1)[1]]
    for option in field.get("anyOf", ()):
        if "$ref" in option:
            return target(option, tree)
    return field if field.get("type") == "object" else None


def inner(field: dict[str, Any], key: str, tree: dict[str, Any]) -> dict[str, Any]:
    """Return the field at a key, or at an index of a list, inside a field; an empty one if the schema has none."""
    block = target(field, tree)
    if block is None:
        lists = [option["items"] for option in (field, *field.get("anyOf", ())) if option.get("type") == "array"]
        return lists[0] if lists else {}
    entries = [block.get("additionalProperties"), *block.get("patternProperties", {}).values()]
    further = next((entry for entry in entries if isinstance(entry, dict)), {})
    return block.get("properties", {}).get(key, further)


def shown(value: Any) -> str:
    """Return a value as it is written in YAML, cut to a line's length."""
    text = _written(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _written(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_written(inner)}' for key, inner in value.items())}}}"
    return repr(value)


def _length(field: dict[str, Any]) -> str:
    """Describe the allowed length of a list."""
    least, most = field.get("minItems", 0), field.get("maxItems")
    if most is not None and most == least:
        return f" (exactly {least})"
    return f" (at least {least})" if least else ""


def _range(kind: str, field: dict[str, Any]) -> str:
    """Describe the range of a number."""
    if {"minimum", "maximum"} <= field.keys():
        return f"{kind} from {field['minimum']:,} to {field['maximum']:,}"
    bounds = [
        f"{sign} {field[key]:,}"
        for key, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if key in field
    ]
    return f"{kind} {' and '.join(bounds)}".strip()
