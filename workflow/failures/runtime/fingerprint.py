"""Semantic fingerprint of code: it changes if and only if code that determines the bytes of an artifact changes.

Snakemake detects an edited script but not an edited module that the script imports, and it treats a corrected comment
as a change. The fingerprint hashes the syntax trees of a script and of the project modules that it imports, directly or
indirectly, without docstrings, comments and layout. Rules pass it as a parameter, so that an edit reruns exactly the
rules that use the edited code.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE_ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(__file__).resolve().parents[1].name

# Modules that artifacts' code imports but that cannot change a byte of an artifact, each with the reason. Imports of
# them are not followed. Every other imported module counts: `runtime.provenance` counts for the HTML report, which
# links and reads records. `commands` and this module need no entry, since no artifact's code imports them.
EXCLUDED = {
    f"{PACKAGE}.runtime.environment": "restores the defaults of libraries",
    f"{PACKAGE}.runtime.files": "replaces files atomically; the caller writes their content",
    f"{PACKAGE}.runtime.forkserver": "starts the process of a job",
    f"{PACKAGE}.runtime.imports": "hides optional libraries; the caller names them",
    f"{PACKAGE}.runtime.jobs": "redirects output, checks and records provenance, measures time and memory",
    f"{PACKAGE}.runtime.progress": "reports progress",
}


def fingerprint(*sources: str | Path) -> str:
    """Return a hash of the code behind `sources` that is the same on every supported Python version.

    Args:
        *sources: Names of modules, such as ``"failures.families.parity.problem"``, or paths of scripts.

    Returns:
        Twelve hexadecimal digits.

    Raises:
        FileNotFoundError: If a source does not exist.
    """
    texts = sorted(f"{_place(path)}\0{meaning(path.read_text('utf-8'))}\0" for path in code_files(*sources))
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:12]


def _place(path: Path) -> str:
    """Return the path of a file in the project, or the name of a file elsewhere, whose folder does not count."""
    return path.relative_to(SOURCE_ROOT).as_posix() if path.is_relative_to(SOURCE_ROOT) else path.name


def code_files(*sources: str | Path) -> set[Path]:
    """Return the files whose code determines the fingerprint of `sources`, with symbolic links resolved.

    Args:
        *sources: Names of modules or paths of scripts, as in `fingerprint`. They count even if they are in `EXCLUDED`.

    Raises:
        FileNotFoundError: If a source does not exist.
    """
    files: set[Path] = set()
    for source in sources:
        path = source.resolve() if isinstance(source, Path) else _module_file(source)
        if path is None or not path.is_file():
            raise FileNotFoundError(
                f"source not found: {source}; pass a module, such as failures.engine.training, or the path of a script"
            )
        _collect(path, files)
    return files


def _collect(path: Path, files: set[Path]) -> None:
    """Add `path` and the project modules that it imports, directly or indirectly, to `files`."""
    if path in files:
        return
    files.add(path)
    for name in imports(path) - EXCLUDED.keys():
        module = _module_file(name)
        if module is not None:
            _collect(module, files)


@cache
def meaning(source: str) -> str:
    """Return the syntax tree of a source text as text, without docstrings, positions and layout.

    `ast.dump` differs between Python versions, which add fields and omit empty ones. This text does not.

    Args:
        source: Source text of a module.
    """
    tree = _tree(source)
    for node in _statements(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return _dump(tree)


# Shared by `meaning` and `imports`: removing docstrings removes no import.
_tree = cache(ast.parse)

# Fields that follow from a node's position (ctx) or from its spelling (kind: the prefix of u"text").
_REDUNDANT = ("ctx", "kind")


def _dump(value: ast.AST | list | object) -> str:
    """Return a node as its class and its fields that are neither None nor empty, in the order of the class.

    Strings are escaped to ASCII, because the characters that `repr` escapes depend on the Unicode version of Python.
    """
    if isinstance(value, list):
        return f"[{', '.join(map(_dump, value))}]"
    if not isinstance(value, ast.AST):
        return ascii(value)
    if isinstance(value, ast.Constant):
        return f"Constant({value.value!a})"
    if isinstance(value, ast.JoinedStr):
        # Python 3.12 ends the format of f"{x:{width}}" with an empty text.
        return f"JoinedStr({_dump([part for part in value.values if getattr(part, 'value', None) != ''])})"
    fields = ((name, getattr(value, name, None)) for name in value._fields if name not in _REDUNDANT)
    content = (f"{name}={_dump(field)}" for name, field in fields if field is not None and field != [])
    return f"{type(value).__name__}({', '.join(content)})"


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield `node` and all statements inside it; docstrings and imports are never inside expressions."""
    yield node
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, field, ()):
            yield from _statements(child)


def imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports from this package, with their parent packages.

    Args:
        path: Path of a Python file.

    Raises:
        ValueError: If an import is relative; its text alone does not determine the module.
    """
    return _imports(path, path.read_text("utf-8"))


@cache
def _imports(path: Path, source: str) -> set[str]:
    """Return `imports` of a source text; `path` appears in the error message."""
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
    """Return the file of a project module, or None if there is none."""
    base = SOURCE_ROOT.joinpath(*name.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
