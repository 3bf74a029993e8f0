"""Import libraries without their optional dependencies, to save time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def missing(*modules: str) -> Iterator[None]:
    """Import as if some modules were not installed; modules that are already loaded stay available.

    Args:
        *modules: Names of modules.
    """
    absent = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
