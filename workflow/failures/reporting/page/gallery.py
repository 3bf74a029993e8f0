"""Page docs/gallery.md: every figure of the table in README.md, with its caption."""

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
    """List the figures of the table in README.md, in order.

    Args:
        readme: Text of README.md.

    Returns:
        Names of the figures, by target.
    """
    return {target: name for name, target in _ROW.findall(readme) if _template(target) is not None}


def render(readme: str, tables: Path, targets: list[str], page: str = "") -> str:
    """Render the gallery as Markdown.

    Args:
        readme: Text of README.md.
        tables: Folder of the tables that the figures are drawn from.
        targets: Figures to render.
        page: Present gallery, whose sections on other figures are kept.

    Raises:
        FileNotFoundError: A table is missing.
        ValueError: A figure is neither rendered nor on the present page.
    """
    names = figures(readme)
    sections = {text.split("\n", 1)[0].strip(): text for text in re.split(r"^## ", page, flags=re.M)[1:]}
    sections |= {names[target]: _section(names[target], target, tables) for target in targets}
    if missing := [target for target, name in names.items() if name not in sections]:
        raise ValueError(f"the gallery lacks {', '.join(missing)}: render them as well")
    return "\n".join([_HEAD, *(f"## {sections[name].rstrip()}\n" for name in names.values())])


def _section(name: str, target: str, tables: Path) -> str:
    """Render heading, picture, caption and command of one figure."""
    files = ["costs_rules", "costs_scaling"] if target == "costs" else [target]
    caption = figure_caption(_template(target), [str(tables / f"{file}.csv") for file in files])
    return (
        f"{name}\n\n![{caption.title}](gallery/{target}.png)\n\n**{caption.title}** {caption.markdown}\n\n"
        f"`snakemake --cores 8 -- {target}`\n"
    )


def _template(target: str) -> Path | None:
    """Return the template of the caption of a figure; None for a target that is not a figure."""
    if target == "costs":
        return _LIBRARY / "reporting/costs/figure.rst"
    return next(_LIBRARY.glob(f"*/*/figures/{target}.rst"), None)
