"""One look for all figures, and files with the same bytes for the same figure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from failures.runtime.imports import missing

# Seaborn does without SciPy, whose statistics take longer to import than a figure to draw (0.7 s).
with missing("scipy.stats", "scipy.cluster"):
    import seaborn as sns

from failures.runtime.files import atomic

# Width in inches of the two columns of the conference's template.
PAGE = 6.75
# Names of clip paths, markers and hatches in Matplotlib's SVG.
_HASHED = re.compile(r'(?<=[#"])[a-z][0-9a-f]{10}(?=[")])')
# Matplotlib stamps files with the time of saving unless told not to.
_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}


def apply(palette: str) -> None:
    """Set type, lines and colours of all figures drawn afterwards. palette: a seaborn palette."""
    sns.set_theme(context="paper", style="ticks", palette=palette, font="DejaVu Sans", font_scale=0.9)
    plt.rcParams.update(
        {
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "legend.frameon": False,
            "svg.fonttype": "none",
            "svg.hashsalt": "failures",
            "pdf.fonttype": 42,
        }
    )


def color(index: int) -> tuple[float, float, float]:
    """Colour `index` of the palette in force."""
    return sns.color_palette()[index]


def add_note(figure: plt.Figure, note: str) -> None:
    """Mark a figure that was not made at the paper's scale and settings; nothing for an empty note."""
    if note:
        figure.suptitle(note[0].upper() + note[1:], fontsize="small", color="firebrick", ha="right", x=0.99)


def save(figure: plt.Figure, paths: Iterable[str | Path], dpi: int) -> None:
    """Write a figure to each path; suffixes .pdf, .svg and .png (KeyError for others). Closes the figure."""
    for path in map(Path, paths):
        with atomic(path) as private:
            figure.savefig(private, dpi=dpi, metadata=_UNDATED[path.suffix])
            if path.suffix == ".svg":
                private.write_text(_numbered(private.read_text("utf-8")), "utf-8")
    plt.close(figure)


def _numbered(svg: str) -> str:
    """An SVG whose clip paths and markers are numbered as they come.

    Matplotlib names them by a hash of coordinates, whose last digits depend on where the layout's solver has its
    objects in memory.
    """
    numbers: dict[str, str] = {}
    return _HASHED.sub(lambda name: numbers.setdefault(name[0], f"{name[0][0]}{len(numbers) + 1}"), svg)
