"""Figures as data: one page without files beside it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Picture


@dataclass(frozen=True)
class Image:
    """A picture as a `data:` address, and its size in pixels."""

    address: str
    width: int
    height: int


def embed(path: str | Path) -> Image:
    """A PNG file as WebP without loss, which takes less than half the room.

    Transparency is laid on white, as paper would do.
    """
    with Picture.open(path) as picture:
        opaque = Picture.new("RGBA", picture.size, "white")
        opaque.alpha_composite(picture.convert("RGBA"))
    buffer = io.BytesIO()
    # Slower methods gain one part in fifty.
    opaque.convert("RGB").save(buffer, "WEBP", lossless=True, method=1)
    data = base64.b64encode(buffer.getvalue()).decode()
    return Image(f"data:image/webp;base64,{data}", *opaque.size)
