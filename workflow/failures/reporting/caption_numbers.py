"""Numbers that captions show, computed from a figure's tables when a caption is rendered."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module


class Numbers:
    """Values of `module.numbers(*tables)` as attributes, computed at first use.

    Rules pass it to Snakemake's report as a parameter; importing this module is cheap, and pandas is imported with the
    first value. module: the module that draws the figure. tables: paths of CSV files, in the order of `draw`.
    """

    def __init__(self, module: str, *tables: str):
        self._module, self._tables = module, tables

    @cached_property
    def _values(self) -> dict[str, str]:
        import pandas as pd

        return import_module(self._module).numbers(*map(pd.read_csv, self._tables))

    def __getattr__(self, name: str) -> str:
        """Look up a value. Raises ValueError for an unknown one: Jinja would show an AttributeError as empty text."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._values:
            raise ValueError(f"{self._module}.numbers has no '{name}'; it has {', '.join(self._values) or 'nothing'}")
        return self._values[name]
