"""Captions of figures, from reStructuredText to HTML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree
from docutils.utils import SystemMessage
from markupsafe import Markup

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


@dataclass(frozen=True)
class Caption:
    """A caption: what the figure shows (plain text), and what to look at (HTML)."""

    title: str
    body: Markup


def read_caption(path: str | Path) -> Caption:
    """The caption in a file: one paragraph that begins with a bold sentence, the title.

    Raises ValueError, with the file's name, for anything else.
    """
    try:
        document = publish_doctree(Path(path).read_text("utf-8"), settings_overrides=_SETTINGS)
    except SystemMessage as error:
        raise ValueError(f"{path}: {error}") from error
    paragraph = document[0] if len(document) == 1 else None
    if not isinstance(paragraph, nodes.paragraph) or not isinstance(paragraph[0], nodes.strong):
        raise ValueError(f"{path}: a caption is one paragraph that begins with a bold sentence")
    title = " ".join(paragraph[0].astext().split())
    del paragraph[0]
    return Caption(title, Markup(_body(document)))


def _body(document: nodes.document) -> str:
    """HTML of a document without the page around it, which docutils marks with <main>."""
    page = publish_from_doctree(document, writer="html5", settings_overrides=_SETTINGS)
    start = page.index(">", page.index("<main")) + 1
    return page[start : page.index("</main>")].strip()
