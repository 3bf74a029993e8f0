"""docs/gallery.md: every figure of README's table with its caption."""

from __future__ import annotations

import re
from pathlib import Path

from failures.reporting.captions import figure_caption

_LIBRARY = Path(__file__).resolve().parents[2]
_ROW = re.compile(r"^\| ([^|]+) \| `(\w+)` \|", re.M)
_HEAD = """\
# Gallery

Every figure of the workflow with its caption, from runs at the paper's scale. The numbers in a caption come from the
table that the figure is drawn from. The command below a caption makes the figure. `make gallery` writes this page.
"""


def figures(readme: str) -> dict[str, str]:
    """Names of the figures in README's table, in order, by target. readme: text of README.md."""
    return {target: name for name, target in _ROW.findall(readme) if _template(target) is not None}


def render(readme: str, tables: Path, targets: list[str], page: str = "") -> str:
    """Render the gallery, Markdown.

    readme: text of README.md. tables: folder of the tables that the figures are drawn from. targets: figures to render;
    `page`, the gallery so far, keeps its sections of the others. Raises FileNotFoundError for a table that is missing,
    and ValueError for a figure that is neither rendered nor on the page.
    """
    names = figures(readme)
    sections = {text.split("\n", 1)[0].strip(): text for text in re.split(r"^## ", page, flags=re.M)[1:]}
    sections |= {names[target]: _section(names[target], target, tables) for target in targets}
    if missing := [target for target, name in names.items() if name not in sections]:
        raise ValueError(f"the gallery lacks {', '.join(missing)}: render them as well")
    return "\n".join([_HEAD, *(f"## {sections[name].rstrip()}\n" for name in names.values())])


def _section(name: str, target: str, tables: Path) -> str:
    """Heading, picture, caption and command of one figure."""
    files = ["costs_rules", "costs_scaling"] if target == "costs" else [target]
    caption = figure_caption(_template(target), [str(tables / f"{file}.csv") for file in files])
    return (
        f"{name}\n\n![{caption.title}](gallery/{target}.png)\n\n**{caption.title}** {caption.markdown}\n\n"
        f"`snakemake --cores 8 -- {target}`\n"
    )


def _template(target: str) -> Path | None:
    """Template of a figure's caption; None for a target that is no figure."""
    if target == "costs":
        return _LIBRARY / "reporting/costs/figure.rst"
    return next(_LIBRARY.glob(f"*/*/figures/{target}.rst"), None)
