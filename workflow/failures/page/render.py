"""The page itself: a template, a style and scripts in one file that asks for no other."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from failures.page.gather import Inputs, gather


def render(
    inputs: dict[str, Any], root: str, figures: dict[str, list[str]], config: dict, note: str, versions: dict
) -> str:
    """The page, HTML.

    inputs: see `failures.page.gather.Inputs`, and `templates`, `styles` and `scripts`. root: folder of the page, that
    links are relative to. figures: names of figures, by family, in order. config: validated configuration. note: what
    to say of a run that is not at the paper's scale or settings. versions: of what artifacts' records do not name.
    Raises FileNotFoundError, with its name, for a figure, table or text that is missing.
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
    """Jinja's environment over these files: everything shown is escaped, and a missing value is an error."""
    texts = {Path(path).name: Path(path).read_text("utf-8") for path in templates}
    return jinja2.Environment(
        loader=jinja2.DictLoader(texts),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def inline(paths: list[str], element: str) -> Markup:
    """The texts of some files, to stand inside an element; ValueError if one would end the element."""
    text = "\n".join(Path(path).read_text("utf-8").strip() for path in paths)
    if f"</{element}" in text.lower():
        raise ValueError(f"{', '.join(map(str, paths))}: </{element} would end the element that it stands in")
    return Markup(text)


def policy(style: str, scripts: str) -> str:
    """What the browser may do: this style, these scripts, embedded pictures, and nothing from anywhere else."""
    sources = {"style-src": style, "script-src": scripts}
    hashes = {key: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for key, text in sources.items()}
    allowed = "; ".join(f"{key} 'sha256-{value}'" for key, value in hashes.items())
    return f"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; {allowed}"
