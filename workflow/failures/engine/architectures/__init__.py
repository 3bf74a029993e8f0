"""Architectures of hidden layers: the modules of this folder, and modules that installed packages register.

A package registers an architecture by an entry point of the group `failures.architectures`. The name of the entry point
is the name of the architecture; its value is a module. A name from the configuration is looked up among these two kinds
only. It is never a path or a module to import. Only `load` imports Keras or an architecture.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

GROUP = "failures.architectures"
FUNCTION = "hidden_layers"


@cache
def built_in() -> dict[str, Path]:
    """Return the file of each architecture of this folder, by name."""
    return {path.stem: path for path in sorted(Path(__file__).resolve().parent.glob("[a-z]*.py"))}


def describe() -> dict[str, str]:
    """Return the first sentence of the docstring of each architecture of this folder, by name."""
    texts = {name: ast.get_docstring(ast.parse(path.read_text("utf-8"))) for name, path in built_in().items()}
    return {name: text.split("\n\n")[0].replace("\n", " ") for name, text in texts.items()}


def check(name: str) -> str:
    """Return the name of an architecture that `load` can import.

    Args:
        name: Name of an architecture.

    Raises:
        ValueError: The name is unknown or ambiguous, or the registered module does not exist.
    """
    sources(name)
    return name


def sources(name: str) -> tuple[str | Path, ...]:
    """Return what the code fingerprint of a learner with this architecture must contain.

    Args:
        name: Name of an architecture.

    Returns:
        The dotted name of a module of this folder; or the source files of a registered module: all files of its
        package, or the file of a module outside any package.

    Raises:
        ValueError: The name is unknown or ambiguous, or the registered module does not exist.
    """
    if name in built_in():
        return (_module(name),)
    if files := _files(_module(name)):
        return files
    raise ValueError(f"architecture {name!r}: no Python source of the registered module '{_module(name)}' is installed")


def load(name: str) -> Callable:
    """Import an architecture and return its function `hidden_layers`.

    Args:
        name: Name of an architecture.

    Raises:
        ValueError: The name is unknown or ambiguous, or its module has no such function.
    """
    module = _module(name)
    function = getattr(import_module(module), FUNCTION, None)
    if function is None:
        raise ValueError(f"architecture {name!r}: module {module!r} needs {FUNCTION}(inputs, settings, *path)")
    return function


def _module(name: str) -> str:
    """Return the dotted name of the module of an architecture.

    Raises:
        ValueError: The name is unknown or ambiguous.
    """
    entries = [entry for entry in _registered() if entry.name == name]
    packages = ", ".join(sorted(entry.dist.name for entry in entries))
    if name in built_in():
        if entries:
            raise ValueError(f"architecture {name!r} is built in and also registered by {packages}; rename that one")
        return f"{__name__}.{name}"
    if not entries:
        known = sorted({*built_in(), *(entry.name for entry in _registered())})
        raise ValueError(f"unknown architecture {name!r}; allowed: {', '.join(known)}")
    if len(entries) > 1:
        raise ValueError(f"architecture {name!r} is registered more than once ({packages}); uninstall or rename one")
    module = entries[0].value
    if not all(part.isidentifier() for part in module.split(".")):
        raise ValueError(f"architecture {name!r} of {packages}: the entry point must be a module, not {module!r}")
    return module


@cache
def _registered() -> tuple[EntryPoint, ...]:
    """Return the entry points of all registered architectures."""
    return tuple(entry_points(group=GROUP))


def _files(module: str) -> tuple[Path, ...]:
    """Return the source files of a module, or of its outermost regular package, without importing either."""
    first, *rest = module.split(".")
    spec = find_spec(first)
    for part in rest:
        # A namespace package has no file of its own and may belong to several distributions.
        if spec is None or spec.has_location:
            break
        spec = PathFinder.find_spec(f"{spec.name}.{part}", spec.submodule_search_locations)
    if spec is None or not spec.has_location:
        return ()
    folders = spec.submodule_search_locations
    files = [Path(spec.origin)] if folders is None else [path for folder in folders for path in Path(folder).rglob("*")]
    return tuple(sorted(path for path in files if path.suffix == ".py"))
