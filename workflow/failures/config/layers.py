"""Configuration files as layers: each layer is merged into those below it, and the last one wins.

From the lowest to the highest: `config.yaml`, the families, the variant, the scale, the user's overlays in their order,
and `--config`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from failures.config.files import read_yaml
from failures.config.types import ConfigError
from failures.config.words import shown

# What the entries under these keys are.
KINDS = {"problems": "problem", "learners": "learner"}
# Key of the normal form of a selection: `problems: [d5]` in an experiment becomes `problems: {SELECTED: [d5]}`.
SELECTED = "="


def read_layers(
    root: Path,
    overlays: Iterable[str | Path] = (),
    given: Mapping[str, Any] | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> dict:
    """Read and merge all layers.

    Args:
        root: Folder of `config.yaml` and `config/`.
        overlays: The user's files, the last one on top.
        given: Values of the command line, or of a workflow that imports this one as a module.
        note: Function that takes a line on sections of the user that change nothing.

    Returns:
        The merged configuration as written, that is before `failures.config.expand`.

    Raises:
        ConfigError: A file cannot be read, has a duplicate key, or names an unknown scale.
    """
    user = [*map(_read, overlays), normal_form(given or {})]
    base = _read(root / "config.yaml")
    variant, scale = (_named(key, [base, *user]) for key in ("variant", "scale"))
    files = sorted((root / "config/families").glob("*.yaml"))
    files += [path for path in (root / f"config/variants/{variant}.yaml",) if path.is_file()]
    scales = {path.stem: path for path in (root / "config/scales").glob("*.yaml")}
    if scale in scales:
        files.append(scales[scale])
    elif (similar := get_close_matches(str(scale), ["full", *scales], 1, cutoff=0.7)) and scale not in similar:
        raise ConfigError(f"config: scale = {shown(scale)}: unknown scale; did you mean '{similar[0]}'?")
    merged: dict[str, Any] = {}
    for layer in (base, *map(_read, files)):
        merged = merge(merged, layer)
    empty = []
    for layer in user:
        empty += empty_sections(merged, layer)
        merged = merge(merged, layer)
    if empty:
        note(f"config: {', '.join(empty)}: an empty section changes nothing; `false` leaves out an experiment")
    return merged


def results_folder(config: Mapping[str, Any]) -> str:
    """Return the folder of the results of a scale and a variant.

    Args:
        config: Configuration with `scale` and `variant`.
    """
    folders = [config["scale"]] * (config["scale"] != "full") + [config["variant"]] * (config["variant"] != "code")
    return "/".join(["results", *folders])


def empty_sections(base: Any, over: Any, prefix: str = "") -> list[str]:
    """Return the keys of `over` that are empty, a mapping below, and therefore change nothing when merged."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return []
    found = []
    for key, value in over.items():
        if isinstance(base.get(key), dict) and base[key]:
            nested = empty_sections(base[key], value, f"{prefix}{key}.")
            found += nested if value else [f"{prefix}{key}"] if value in (None, {}) else []
    return found


def _named(key: str, layers: list[dict[str, Any]]) -> Any:
    """Return the value of a key in the highest layer that has it; it becomes part of a file name."""
    value = next((layer[key] for layer in reversed(layers) if layer.get(key) is not None), None)
    return value if isinstance(value, str) and value.isidentifier() else None


def _read(path: str | Path) -> dict[str, Any]:
    return normal_form(read_yaml(path))


def normal_form(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a layer with plain mappings, keys as strings, and the selections of its experiments in normal form."""
    plain = _plain(layer)
    for block in plain.values():
        if isinstance(block, dict) and isinstance(block.get("experiments"), dict):
            block["experiments"] = _selections(block["experiments"])
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _selections(block: dict[str, Any]) -> dict[str, Any]:
    """Replace lists of problems and learners by their normal form, in a block and the blocks inside it."""
    found = {}
    for key, value in block.items():
        if key in KINDS and isinstance(value, list):
            found[key] = _listed(value)
        elif isinstance(value, dict) and key not in KINDS:
            found[key] = _selections(value)
        else:
            found[key] = value
    return found


def _listed(values: list[Any]) -> dict[str, Any]:
    """Return the normal form of a list whose items are names, or definitions such as `tanh: {activation: tanh}`."""
    names, definitions = [], {}
    for value in values:
        if isinstance(value, dict):
            definitions |= value
            names += value
        else:
            names.append(value)
    return {SELECTED: names, **definitions}


def merge(base: Any, over: Any) -> Any:
    """Return `over` merged into `base`; neither is changed.

    Mappings merge, all other values are replaced. Null does not replace a mapping, so that a section whose keys are
    commented out changes nothing. A list of problems or learners selects among the definitions below it. An optimiser
    with another name replaces the one below it with all its arguments.
    """
    if isinstance(base, dict) and over is None:
        return base
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    merged = dict(base)
    for key, value in over.items():
        if key == "optimizer" and _replaces(base.get(key), value):
            merged[key] = value
        else:
            merged[key] = merge(base[key], value) if key in base else value
    if SELECTED in base and SELECTED not in over:
        merged[SELECTED] = [
            *base[SELECTED],
            *(name for name in over if name not in base and name not in base[SELECTED]),
        ]
    return merged


def _replaces(base: Any, over: Any) -> bool:
    """Return whether an optimiser is another one than that below it."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return False
    return any(key in over and over[key] != base.get(key) for key in ("name", "preset"))
