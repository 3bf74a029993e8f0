"""Where the code of a group of figures is: a family of problems, or a group over several families."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_LIBRARY = Path(__file__).resolve().parent


@cache
def families() -> tuple[str, ...]:
    """Return the names of the families, sorted: folders of `failures/families` with a `config.py`."""
    return tuple(sorted(path.parent.name for path in _LIBRARY.glob("families/*/config.py")))


def package(group: str) -> str:
    """Return the package of a family, such as parity, or of a group, such as comparisons, as a dotted name."""
    return f"failures.{'families' if group in families() else 'reporting'}.{group}"


def folder(group: str) -> Path:
    """Return the folder of `package`."""
    return _LIBRARY.joinpath(*package(group).split(".")[1:])
