"""Legends name only what is drawn: every entry has an artist with data that looks like it."""

from importlib import import_module
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

REFERENCE = Path(__file__).parents[2] / "faults/reference"
LIBRARY = Path(__file__).parents[3] / "workflow/failures"
FIGURES = {
    path.stem: ".".join(["failures", *path.relative_to(LIBRARY).with_suffix("").parts])
    for path in sorted(LIBRARY.glob("*/*/figures/*.py"))
    if (REFERENCE / f"{path.stem}.csv").is_file()
}

pytestmark = pytest.mark.usefixtures("look")


def look_of(line):
    """Line style and marker; a solid line differs from a marker on a solid line."""
    return line.get_linestyle() if line.get_linewidth() else "None", str(line.get_marker())


def undrawn(figure):
    """Labels of legend entries whose colour, or style and marker, no line with finite data has."""
    figure.canvas.draw()
    lines = [line for axis in figure.axes for line in axis.lines]
    lines = [line for line in lines if np.isfinite(np.asarray(line.get_xydata(), float)).all(axis=1).any()]
    styles, markers = ({look_of(line)[part] for line in lines} for part in (0, 1))
    colours = {to_hex(line.get_color()) for line in lines}
    legends = [*figure.legends, *(axis.get_legend() for axis in figure.axes if axis.get_legend())]
    missing = []
    for legend in legends:
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            if isinstance(handle, plt.Line2D):
                style, marker = look_of(handle)
                if to_hex(handle.get_color()) in colours:
                    continue
                if style not in styles | {"None"} or marker not in markers | {"None"}:
                    missing.append(text.get_text())
    return missing


@pytest.mark.parametrize("name", FIGURES)
def test_every_entry_of_a_legend_is_drawn(name):
    figure = import_module(FIGURES[name]).draw(pd.read_csv(REFERENCE / f"{name}.csv"))
    assert undrawn(figure) == []


def labels(name, table):
    figure = import_module(FIGURES[name]).draw(table)
    legends = [*figure.legends, *(axis.get_legend() for axis in figure.axes if axis.get_legend())]
    return [text.get_text() for legend in legends for text in legend.get_texts()]


@pytest.mark.parametrize(
    ("name", "column"), [("fig1", "part"), ("fig3", "part"), ("fig4", "source"), ("fig5", "source")]
)
def test_published_curves_are_named_where_they_are_drawn(name, column):
    table = pd.read_csv(REFERENCE / f"{name}.csv")
    theirs = table[table[column] == "published"]
    assert any("published" in label for label in labels(name, table)) == bool(len(theirs)) or name == "fig3"
    assert not any("published" in label for label in labels(name, table[table[column] != "published"]))


@pytest.mark.parametrize(("name", "part"), [("fig1", "curve"), ("fig3", "training")])
def test_published_curves_beyond_our_last_step_are_not_named(name, part):
    table = pd.read_csv(REFERENCE / f"{name}.csv")
    last = table.loc[table["part"] == part, "step"].max()
    table.loc[table["part"] == "published", "step"] += last + 1
    assert "published" not in labels(name, table)


def test_losses_targets_and_lines_that_are_missing_are_not_named():
    variance = pd.read_csv(REFERENCE / "gradient_variance.csv").query("loss == 'square'")
    assert not {"logistic", "hinge"} & set(labels("gradient_variance", variance))
    periodic = pd.read_csv(REFERENCE / "linear_periodic.csv").query("wave != 'linear'")
    assert "linear target" not in labels("linear_periodic", periodic)
    reached = pd.read_csv(REFERENCE / "optimisers.csv").query("updates < inf or part == 'growth'")
    assert "not reached" not in labels("optimisers", reached)
    along = pd.read_csv(REFERENCE / "linear_periodic_variance.csv").query("line != 'both'")
    assert not any("√d" in label for label in labels("linear_periodic_variance", along))
