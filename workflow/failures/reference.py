"""The configuration's reference for people and its JSON schema for editors, both from the one schema.

``python -m failures.reference`` writes docs/configuration.md and workflow/schemas/config.schema.json.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from failures.config import schema

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Write both files."""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def documents() -> dict[Path, str]:
    """Both files' texts, by path."""
    tree = schema().model_json_schema()
    return {
        ROOT / "workflow/schemas/config.schema.json": json.dumps(tree, indent=2) + "\n",
        ROOT / "docs/configuration.md": _markdown(tree),
    }


def _markdown(tree: dict[str, Any]) -> str:
    lines = [
        "# Configuration reference",
        "",
        "Generated from the schema by `make reference`; a test compares. Keys that are not listed are refused.",
        "Numbers with an exponent need a decimal point (`1.0e-5`); NaN and infinity are refused.",
        "",
    ]
    for path, block in _blocks(tree, tree, ""):
        lines += [f"## {f'`{path}`' if path else 'Shared keys'}", "", _sentence(block.get("description", "")), ""]
        lines += ["| key | allowed | default | meaning |", "|---|---|---|---|"]
        for key, field in block["properties"].items():
            default = f"`{json.dumps(field['default'])}`" if "default" in field else _missing(key, block)
            cells = (f"`{key}`", _allowed(field, tree), default, _sentence(field.get("description", "")))
            lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


def _missing(key: str, block: dict[str, Any]) -> str:
    return "needed" if key in block.get("required", ()) else "see there"


def _blocks(node: dict[str, Any], tree: dict[str, Any], path: str):
    """Yield (path, block) for the block `node` and those inside it; names of a user's own stand as NAME."""
    yield path, node
    for key, field in node["properties"].items():
        inner, name = _target(field, tree), key
        if inner is not None and "additionalProperties" in inner and isinstance(inner["additionalProperties"], dict):
            inner, name = _target(inner["additionalProperties"], tree), f"{key}.NAME"
        elif inner is not None and "patternProperties" in inner:
            inner, name = _target(next(iter(inner["patternProperties"].values())), tree), f"{key}.NAME"
        if inner is not None and "properties" in inner:
            yield from _blocks(inner, tree, f"{path}.{name}".lstrip("."))


def _target(field: dict[str, Any], tree: dict[str, Any]) -> dict[str, Any] | None:
    """The mapping that a field holds, through references and optional types; None for other fields."""
    if "$ref" in field:
        return tree["$defs"][field["$ref"].rsplit("/", 1)[1]]
    for option in field.get("anyOf", ()):
        if "$ref" in option:
            return _target(option, tree)
    return field if field.get("type") == "object" else None


def _allowed(field: dict[str, Any], tree: dict[str, Any]) -> str:
    """Type and range of a field in words."""
    if "anyOf" in field:
        return " or ".join(_allowed(option, tree) for option in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = field.get("type")
    match kind:
        case "array":
            return f"list of {_allowed(field['items'], tree)}" + (", not empty" if field.get("minItems") else "")
        case "integer" | "number":
            return _range("integer" if kind == "integer" else "number", field)
        case "string":
            return f"text like `{field['pattern']}`" if "pattern" in field else "text"
        case "boolean":
            return "true, false"
        case "null":
            return "nothing"
    return "mapping"


def _range(kind: str, field: dict[str, Any]) -> str:
    bounds = [
        f"{sign} {field[key]:,}"
        for key, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if key in field
    ]
    return " ".join([kind, ", ".join(bounds)]).strip()


def _sentence(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


if __name__ == "__main__":
    main()
