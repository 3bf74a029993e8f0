"""Captions of figures: Jinja templates of reStructuredText, filled in with numbers from the figures' tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import jinja2
from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree
from docutils.utils import SystemMessage
from markupsafe import Markup

from failures.reporting.caption_numbers import Numbers

# Captions may format words, and nothing else: no raw HTML, no files, no settings from elsewhere. A warning is an error.
_SETTINGS = {
    "raw_enabled": False,
    "file_insertion_enabled": False,
    "_disable_config": True,
    "halt_level": 2,
    "report_level": 5,
    "output_encoding": "unicode",
    "embed_stylesheet": False,
}
# As Snakemake renders captions in its report, except that an undefined name is an error.
_TEMPLATES = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
_LIBRARY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Caption:
    """A caption: what the figure shows (plain text), and what to look at (HTML and Markdown)."""

    title: str
    body: Markup
    markdown: str


def figure_caption(path: str | Path, tables: list[str]) -> Caption:
    """Render the caption of a figure of this package with numbers from the figure's tables.

    path: its template, beside the module that draws the figure. tables: paths of the CSV files that the figure is drawn
    from. Raises ValueError, with the file's name, for a template that `read_caption` refuses.
    """
    module = Path(path).resolve().relative_to(_LIBRARY).with_suffix("")
    return read_caption(path, Numbers(".".join(("failures", *module.parts)), *tables))


def read_caption(path: str | Path, numbers: Numbers | None = None) -> Caption:
    """Render a caption: one paragraph that begins with a bold sentence, the title.

    numbers: values that the template refers to as `snakemake.params.numbers`. Raises ValueError, with the file's name,
    for a template that is no such paragraph or refers to other values.
    """
    context = SimpleNamespace(params=SimpleNamespace(numbers=numbers))
    try:
        text = _TEMPLATES.from_string(Path(path).read_text("utf-8")).render(snakemake=context)
        document = publish_doctree(text, settings_overrides=_SETTINGS)
    except (SystemMessage, jinja2.TemplateError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    paragraph = document[0] if len(document) == 1 else None
    if not isinstance(paragraph, nodes.paragraph) or not isinstance(paragraph[0], nodes.strong):
        raise ValueError(f"{path}: a caption must be one paragraph that begins with a bold sentence")
    title = " ".join(paragraph[0].astext().split())
    del paragraph[0]
    return Caption(title, Markup(_html(document)), " ".join(_markdown(paragraph).split()))


def _html(document: nodes.document) -> str:
    """HTML of a document without the page around it, which docutils marks with <main>."""
    page = publish_from_doctree(document, writer="html5", settings_overrides=_SETTINGS)
    start = page.index(">", page.index("<main")) + 1
    return page[start : page.index("</main>")].strip()


# Markdown around the text of an inline element of reStructuredText.
_MARKS = {
    nodes.emphasis: ("*", "*"),
    nodes.strong: ("**", "**"),
    nodes.literal: ("`", "`"),
    nodes.subscript: ("<sub>", "</sub>"),
    nodes.superscript: ("<sup>", "</sup>"),
}
_SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|"})


def _markdown(node: nodes.Node) -> str:
    """Markdown of a paragraph; ValueError for an element that captions do not use."""
    if isinstance(node, nodes.Text):
        return node.astext() if isinstance(node.parent, nodes.literal) else node.astext().translate(_SPECIAL)
    inner = "".join(map(_markdown, node.children))
    if isinstance(node, nodes.paragraph):
        return inner
    if type(node) not in _MARKS:
        raise ValueError(f"a caption cannot hold the element '{node.tagname}'")
    begin, end = _MARKS[type(node)]
    return f"{begin}{inner}{end}"
