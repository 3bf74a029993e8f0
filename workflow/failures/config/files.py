"""Configuration files: reading one YAML file, with errors that name the file, the line and what to do."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from failures.config.types import ConfigError

# PyYAML's loader in C, where it is available, takes a tenth of the time.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read the mapping of one file; an empty one has no keys.

    Raises:
        ConfigError: The file cannot be read, is no mapping, refers to itself, or one of its mappings has a duplicate
            key.
    """
    text = _text(Path(path))
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is not None:
            _check_nodes(path, root)
        content = {} if root is None else loader.construct_document(root)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_problem(error, text)}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must be a mapping of keys to values, such as `scale: preview`")
    return content


def _text(path: Path) -> str:
    """Return the text of a file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file{_similar(path)}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; give a file in it") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = f"byte 0x{content[error.start]:02x}"
        raise ConfigError(f"{path}, line {line}: {byte} is not UTF-8; save the file as UTF-8") from None


def _similar(path: Path) -> str:
    """Return a hint on files with a similar name in the same folder."""
    names = [other.name for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    found = get_close_matches(path.name, names, 1, cutoff=0.75)
    return f"; did you mean '{path.parent / found[0]}'?" if found else ""


def _problem(error: yaml.YAMLError, text: str) -> str:
    """Return the line and the cause of an error of YAML's syntax."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        position = getattr(error, "position", 0)
        line = text.encode()[:position].count(b"\n") + 1
        return f", line {line}: {getattr(error, 'reason', None) or error}"
    lines = text.split("\n")
    rest = lines[mark.line][mark.column :] if mark.line < len(lines) else ""
    cause = " ".join(filter(None, (getattr(error, "context", None), error.problem)))
    if "undefined alias" in cause:
        alias = rest.split()[0].rstrip(",]}")
        cause = f"alias '{alias}' has no anchor in this file; anchors do not cross files: use `extends` or write values"
    elif rest.startswith("\t"):
        cause = "tab; indent with spaces"
    elif "another document" in cause:
        cause = "second document; remove the line `---`, or give two files"
    elif "could not determine a constructor" in cause:
        cause = f"unknown tag {rest.split()[0]}; write a plain value"
    return f", line {mark.line + 1}: {cause}"


def _check_nodes(path: str | Path, root: yaml.Node) -> None:
    """Raise ConfigError for a duplicate key, of which YAML readers keep the last, or an alias inside its anchor."""
    inside: set[int] = set()  # nodes that contain the current one
    checked: set[int] = set()
    steps: list[tuple[yaml.Node, str, bool]] = [(root, "", False)]
    while steps:
        node, prefix, left = steps.pop()
        if left:
            inside.remove(id(node))
        elif id(node) in inside:
            line = node.start_mark.line + 1
            raise ConfigError(f"{path}, line {line}: the value of '{prefix[:-1]}' contains itself; remove the alias")
        elif isinstance(node, yaml.CollectionNode) and id(node) not in checked:
            inside.add(id(node))
            checked.add(id(node))
            steps.append((node, prefix, True))
            if isinstance(node, yaml.MappingNode):
                _check_keys(path, node, prefix)
                steps += [(value, f"{prefix}{key.value}.", False) for key, value in node.value]
            else:
                steps += [(item, f"{prefix}{index}.", False) for index, item in enumerate(node.value)]


def _check_keys(path: str | Path, node: yaml.MappingNode, prefix: str) -> None:
    """Raise ConfigError for a duplicate key."""
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{path}, line {key.start_mark.line + 1}: a key must be a single word")
        if key.value in seen and key.value != "<<":
            where = f"{path}, line {key.start_mark.line + 1}"
            raise ConfigError(f"{where}: duplicate key '{prefix}{key.value}'; keep one of them")
        seen.add(key.value)
