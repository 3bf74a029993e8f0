"""Style of all figures, and figure files that have the same bytes for the same figure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import chdir
from importlib.util import find_spec
from pathlib import Path

from failures.runtime import environment
from failures.runtime.imports import missing

environment.clean(environment.MATPLOTLIB)
# Matplotlib prefers a file `matplotlibrc` in the working directory to that of the user. This one holds its defaults.
with chdir(Path(find_spec("matplotlib").origin).with_name("mpl-data")):
    import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

# Seaborn works without SciPy, whose import takes 0.7 s.
with missing("scipy.stats", "scipy.cluster"):
    import seaborn as sns

from failures.runtime.files import atomic

# Width of both columns of the conference's template, in inches.
PAGE = 6.75
# Names of clip paths, markers and hatches in Matplotlib's SVG.
_HASHED = re.compile(r'(?<=[#"])[a-z][0-9a-f]{10}(?=[")])')
# Without these, Matplotlib writes the time of saving into the file.
_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}


def apply(palette: str) -> None:
    """Set fonts, lines and colours of all figures drawn afterwards; all other settings are Matplotlib's defaults.

    Args:
        palette: Name of a seaborn palette.
    """
    matplotlib.rcdefaults()
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
    """Return a colour of the current palette.

    Args:
        index: Index of the colour, from 0.

    Returns:
        Red, green and blue, each in [0, 1].
    """
    return sns.color_palette()[index]


def add_note(figure: plt.Figure, note: str) -> None:
    """Write a note into the upper right corner of a figure.

    Args:
        figure: The figure.
        note: Text, such as the scale of a run that is not at the paper's scale and settings. Nothing is written if it
            is empty.
    """
    if note:
        figure.suptitle(note[0].upper() + note[1:], fontsize="small", color="firebrick", ha="right", x=0.99)


def save(figure: plt.Figure, paths: Iterable[str | Path], dpi: int) -> None:
    """Write a figure to each path, then close it.

    Args:
        figure: The figure.
        paths: Files with the suffix .pdf, .svg or .png.
        dpi: Dots per inch of .png files.

    Raises:
        KeyError: If a path has another suffix.
    """
    for path in map(Path, paths):
        with atomic(path) as private:
            figure.savefig(private, dpi=dpi, metadata=_UNDATED[path.suffix])
            if path.suffix == ".svg":
                private.write_text(_numbered(private.read_text("utf-8")), "utf-8")
    plt.close(figure)


def _numbered(svg: str) -> str:
    """Number the clip paths and markers of an SVG in order of appearance.

    Matplotlib names them by a hash of coordinates. Their last digits vary between runs, because the solver of the
    layout depends on memory addresses.
    """
    numbers: dict[str, str] = {}
    return _HASHED.sub(lambda name: numbers.setdefault(name[0], f"{name[0][0]}{len(numbers) + 1}"), svg)
