"""Semantic fingerprint of code: what a rule's result depends on, and nothing more.

Snakemake sees an edited script but not an edited module that the script imports, and it takes a
corrected comment for a change. The fingerprint hashes the syntax trees of the given modules and of
the project modules they import, transitively, without docstrings, comments and layout. Rules pass it
as a parameter, so that a changed fingerprint reruns exactly the rules that use the changed code.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE_ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(__file__).resolve().parents[1].name


def fingerprint(*sources: str | Path) -> str:
    """Twelve hex digits that change when, and only when, the code behind `sources` changes its meaning.

    sources: module names (``"failures.families.parity.problem"``) or paths of scripts.
    Raises FileNotFoundError for a source that does not exist.
    """
    files: set[Path] = set()
    for source in sources:
        path = source if isinstance(source, Path) else _module_file(source)
        if path is None or not path.is_file():
            raise FileNotFoundError(
                f"source not found: {source}; pass a module, such as failures.families.parity.problem, or the path of a script"
            )
        _collect(path, files)
    digest = hashlib.sha256()
    for path in sorted(files):
        name = path.relative_to(SOURCE_ROOT) if path.is_relative_to(SOURCE_ROOT) else path.name
        digest.update(f"{name}\0{meaning(path.read_text('utf-8'))}\0".encode())
    return digest.hexdigest()[:12]


@cache
def meaning(source: str) -> str:
    """Dump of the syntax tree of `source` without docstrings and positions."""
    tree = _tree(source)
    for node in _statements(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree, include_attributes=False)


# Both uses may have the same tree: docstrings import nothing.
_tree = cache(ast.parse)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and all statements inside it: neither docstrings nor imports are looked for inside expressions."""
    yield node
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, field, ()):
            yield from _statements(child)


def _collect(path: Path, files: set[Path]) -> None:
    """Add `path` and, transitively, the project modules it imports to `files`."""
    if path in files:
        return
    files.add(path)
    for name in imports(path):
        module = _module_file(name)
        if module is not None:
            _collect(module, files)


def imports(path: Path) -> set[str]:
    """Dotted names that the file at `path` imports from this package, packages' parents included.

    Raises ValueError for a relative import, which could not be told from its text alone.
    """
    return _imports(path, path.read_text("utf-8"))


@cache
def _imports(path: Path, source: str) -> set[str]:
    names: set[str] = set()
    for node in _statements(_tree(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(
                    f"{path}:{node.lineno}: relative import; use the full name, such as failures.runtime.files"
                )
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    project = {name for name in names if name.split(".")[0] == PACKAGE}
    parents = {name.rsplit(".", depth)[0] for name in project for depth in range(1, name.count(".") + 1)}
    return project | parents


def _module_file(name: str) -> Path | None:
    """File of the project module called `name`, or None if there is none."""
    base = SOURCE_ROOT.joinpath(*name.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
