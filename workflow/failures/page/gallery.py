"""docs/gallery.md: every figure of README's table with its caption."""

from __future__ import annotations

import re
from pathlib import Path

from failures.captions import figure_caption

_LIBRARY = Path(__file__).resolve().parents[1]
_ROW = re.compile(r"^\| ([^|]+) \| `(\w+)` \|", re.M)
_HEAD = """\
# Gallery

Every figure of the workflow with its caption, from a run at the paper's scale. Numbers in captions come from the tables
of that run. The command below a caption makes the figure. `make gallery` writes this page from a finished run.
"""


def figures(readme: str) -> dict[str, str]:
    """Names of the figures in README's table, in order, by target. readme: text of README.md."""
    return {target: name for name, target in _ROW.findall(readme) if _template(target) is not None}


def render(readme: str, tables: Path) -> str:
    """Render the gallery, Markdown.

    readme: text of README.md. tables: folder of the tables that the figures are drawn from. Raises FileNotFoundError
    for a table that is missing.
    """
    parts = [_HEAD]
    for target, name in figures(readme).items():
        names = ["costs_rules", "costs_scaling"] if target == "costs" else [target]
        caption = figure_caption(_template(target), [str(tables / f"{table}.csv") for table in names])
        parts.append(
            f"## {name}\n\n![{caption.title}](gallery/{target}.png)\n\n**{caption.title}** {caption.markdown}\n\n"
            f"`snakemake --cores 8 -- {target}`\n"
        )
    return "\n".join(parts)


def _template(target: str) -> Path | None:
    """Template of a figure's caption; None for a target that is no figure."""
    if target == "costs":
        return _LIBRARY / "costs/figure.rst"
    return next(_LIBRARY.glob(f"*/figures/{target}.rst"), None)
