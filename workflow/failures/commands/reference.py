"""Configuration reference in Markdown and JSON schema for editors, both generated from the schema.

``python -m failures.commands.reference`` writes docs/configuration.md and workflow/schemas/config.schema.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from failures.config.editor import written_schema
from failures.config.schema import schema
from failures.config.words import describe, target

ROOT = Path(__file__).resolve().parents[3]

INTRODUCTION = """\
# Configuration reference

[config/README.md](../config/README.md) explains the files, overlays, `extends` and grids. This page lists every key.

- A key of a problem or learner stands where the problem or learner is defined: under `problems` and `learners` of the
  family or of an experiment.
- Where a problem or learner takes a single value, a list makes a grid.
- `extends: NAME` is allowed in every problem and learner, `preset: NAME` in every optimiser, and `like: NAME` in an
  experiment of your own. `defaults: {problems: ..., learners: ...}` of a family holds values for all of its problems
  and learners.
- An unknown key, a value out of range, NaN or infinity stops the workflow before any job starts. The error is one line
  with the key, the value and the allowed values.

## Terms

| term | meaning |
|---|---|
| family | A group of experiments on one kind of task, such as `parity`; each family has its own block. |
| instance | One drawn target, such as one parity. |
| replicate | One seed, with its own target, initial weights and data. |
| run, trial | The training of one learner on one instance at one learning rate. |
| problem | The task: targets, data and length of training. |
| learner | The trained model with its loss and optimiser. |
| authors' scripts | The published code (`variant: code`). |
| paper's text | The wording of the paper (`variant: paper`). |
| end-to-end | Training on the final label or reward only. |
| decomposition | Training on intermediate labels as well. |
| N1, N2 | Networks of the lines family. N1 scores one image; N2 turns the k scores of a tuple into one. |
| gradient signal | The part of the expected gradient that depends on the target. |
| SNR | Signal-to-noise ratio of the gradient. |
| unexplained variance | Mean squared error divided by the variance of the label. |
| d | Input dimension. |
| k | Images per tuple, number of stocks, or breakpoints per curve. |
| n | Points per curve. |
| r | Norm of v in periodic targets; in the steps family, the output of the affine map. |
| fan-in | Number of inputs of a unit. |

`make reference` regenerates this page and the JSON schema from the code.
"""


def main() -> None:
    """Write both files."""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def documents() -> dict[Path, str]:
    """Return the texts of both files, by path."""
    tree = schema().model_json_schema()
    return {
        ROOT / "workflow/schemas/config.schema.json": json.dumps(written_schema(tree), indent=2) + "\n",
        ROOT / "docs/configuration.md": _markdown(tree),
    }


def _markdown(tree: dict[str, Any]) -> str:
    """Render the reference: one section per block, and one per shared block for all keys that hold it."""
    blocks = list(_blocks(tree, tree, ""))
    shared = {block["title"]: block for _, block in blocks if _is_shared(block, blocks)}
    lines = [INTRODUCTION]
    lines += _section("Shared keys", tree, tree, shared)
    for title, block in shared.items():
        users = [f"- `{path}`" for path, other in blocks if other is block]
        lines += _section(_shared_heading(title), block, tree, shared, users=users)
    for path, block in blocks:
        if path and not _is_shared(block, blocks):
            lines += _section(f"`{path}`", block, tree, shared, path=path)
    return "\n".join(lines)


def _section(
    heading: str,
    block: dict[str, Any],
    tree: dict[str, Any],
    shared: dict[str, Any],
    *,
    path: str = "",
    users: Sequence[str] = (),
) -> list[str]:
    """Return the lines of the section of one block. users: list items of the keys that hold a shared block."""
    lines = [f"## {heading}", "", _sentence(block.get("description", "")), ""]
    if users:
        lines += ["Used by:", "", *users, ""]
    lines += ["| key | allowed | default | meaning |", "|---|---|---|---|"]
    for key, field in block["properties"].items():
        default = f"`{json.dumps(field['default'])}`" if "default" in field else _missing(key, field, block)
        allowed = describe(field, tree).replace("mapping", f"mapping{_link(key, field, tree, shared, path)}", 1)
        cells = (f"`{key}`", allowed, default, _sentence(_description(field, tree)))
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return [*lines, ""]


def _shared_heading(title: str) -> str:
    return f"Shared block `{title}`"


def _link(key: str, field: dict[str, Any], tree: dict[str, Any], shared: dict[str, Any], path: str) -> str:
    """Return a link to the section of the block that a field holds, or an empty string."""
    inner, name = _inner_block(key, field, tree)
    if inner is None:
        return ""
    if shared.get(inner["title"]) is inner:
        return f" [`{inner['title']}`]({_anchor(_shared_heading(inner['title']))})"
    where = f"{path}.{name}".lstrip(".")
    return f" [`{where}`]({_anchor(where)})"


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return "#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _is_shared(block: dict[str, Any], blocks: list[tuple[str, dict[str, Any]]]) -> bool:
    """Return whether several keys hold the same block."""
    return sum(other is block for _, other in blocks) > 1


def _missing(key: str, field: dict[str, Any], block: dict[str, Any]) -> str:
    """Describe the default of a key that has none in the schema."""
    if key in block.get("required", ()):
        return "required"
    return {"array": "`[]`", "object": "`{}`"}.get(field.get("type"), "the block's defaults")


def _description(field: dict[str, Any], tree: dict[str, Any]) -> str:
    """Return the description of a field, or of the block that it holds."""
    return field.get("description") or (target(field, tree) or {}).get("description", "")


def _blocks(node: dict[str, Any], tree: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path, block) for the block `node` and the blocks inside it; NAME replaces the user's own names."""
    yield path, node
    for key, field in node["properties"].items():
        inner, name = _inner_block(key, field, tree)
        if inner is not None:
            yield from _blocks(inner, tree, f"{path}.{name}".lstrip("."))


def _inner_block(key: str, field: dict[str, Any], tree: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """Return the block that a field holds, if any, and its name below the field's block."""
    inner, name = target(field, tree), key
    if inner is not None and isinstance(inner.get("additionalProperties"), dict):
        inner, name = target(inner["additionalProperties"], tree), f"{key}.NAME"
    elif inner is not None and "patternProperties" in inner:
        inner, name = target(next(iter(inner["patternProperties"].values())), tree), f"{key}.NAME"
    return (inner, name) if inner is not None and "properties" in inner else (None, name)


def _sentence(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


if __name__ == "__main__":
    main()
