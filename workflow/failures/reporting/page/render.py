"""Rendering of the report: template, style and scripts in one self-contained file."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from failures.reporting.page.gather import Inputs, gather


def render(
    inputs: dict[str, Any], root: str, figures: dict[str, dict[str, str]], config: dict, note: str, versions: dict
) -> str:
    """Render the report as HTML.

    Args:
        inputs: Files of `failures.reporting.page.gather.Inputs`, and `templates`, `styles` and `scripts`.
        root: Folder of the report; links are relative to it.
        figures: Kinds of figures by name, by family, in order.
        config: Validated configuration.
        note: Note on a run at other scale or settings than the paper's; empty otherwise.
        versions: Versions of packages that the artifacts' records do not contain.

    Raises:
        FileNotFoundError: A figure, table or text is missing; the message names it.
    """
    content = gather(Inputs(inputs, root), figures, config, versions)
    style = inline(inputs["styles"], "style")
    scripts = inline(inputs["scripts"], "script")
    return (
        environment(inputs["templates"])
        .get_template("page.html.jinja")
        .render(**content, note=note, style=style, scripts=scripts, policy=policy(style, scripts))
    )


def environment(templates: list[str]) -> jinja2.Environment:
    """Create a Jinja environment of these templates: values are escaped, and undefined values raise an error."""
    texts = {Path(path).name: Path(path).read_text("utf-8") for path in templates}
    return jinja2.Environment(
        loader=jinja2.DictLoader(texts),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def inline(paths: list[str], element: str) -> Markup:
    """Join files for use inside an HTML element; raises ValueError if the text contains the closing tag."""
    text = "\n".join(Path(path).read_text("utf-8").strip() for path in paths)
    if f"</{element}" in text.lower():
        raise ValueError(f"{', '.join(map(str, paths))}: </{element} closes the inlined element; remove it")
    return Markup(text)


def policy(style: str, scripts: str) -> str:
    """Build the content security policy: only this style, these scripts and embedded images are allowed."""
    sources = {"style-src": style, "script-src": scripts}
    hashes = {key: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for key, text in sources.items()}
    allowed = "; ".join(f"{key} 'sha256-{value}'" for key, value in hashes.items())
    return f"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; {allowed}"
