"""Page docs/gallery.md: every figure of the table in README.md, with its caption."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
    """List the figures of the table in README.md, in order.

    Args:
        readme: Text of README.md.

    Returns:
        Names of the figures, by target.
    """
    return {target: name for name, target in _ROW.findall(readme) if _template(target) is not None}


def tables(folder: Path, targets: Iterable[str]) -> list[Path]:
    """Return the paths of the tables that the captions of figures read.

    Args:
        folder: Folder of the tables.
        targets: The figures.
    """
    names = (("costs_rules", "costs_scaling") if target == "costs" else (target,) for target in targets)
    return [folder / f"{name}.csv" for figure in names for name in figure]


def render(readme: str, folder: Path, targets: Iterable[str], page: str = "", *, partial: bool = False) -> str:
    """Render the gallery as Markdown.

    Args:
        readme: Text of README.md.
        folder: Folder of the tables that the figures are drawn from.
        targets: Figures to render.
        page: Present gallery, whose sections on other figures are kept.
        partial: Whether the gallery may lack figures.

    Raises:
        FileNotFoundError: A table is missing.
        ValueError: A figure is neither rendered nor on the present page.
    """
    names = figures(readme)
    sections = {text.split("\n", 1)[0].strip(): text for text in re.split(r"^## ", page, flags=re.M)[1:]}
    sections |= {names[target]: _section(names[target], target, folder) for target in targets}
    missing = [target for target, name in names.items() if name not in sections]
    if missing and not partial:
        raise ValueError(f"the gallery lacks {', '.join(missing)}: render them as well")
    return "\n".join([_HEAD, *(f"## {sections[name].rstrip()}\n" for name in names.values() if name in sections)])


def _section(name: str, target: str, folder: Path) -> str:
    """Render heading, picture, caption and command of one figure."""
    caption = figure_caption(_template(target), [str(table) for table in tables(folder, [target])])
    return (
        f"{name}\n\n![{caption.title}](gallery/{target}.png)\n\n**{caption.title}** {caption.markdown}\n\n"
        f"`snakemake --cores 8 -- {target}`\n"
    )


def _template(target: str) -> Path | None:
    """Return the template of the caption of a figure; None for a target that is not a figure."""
    if target == "costs":
        return _LIBRARY / "reporting/costs/figure.rst"
    return next(_LIBRARY.glob(f"*/*/figures/{target}.rst"), None)
