"""Fooled networks: how little it takes, what noise is taken for, and examples."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.style import PAGE, add_note, color

SIZE = 28
# Kinds of examples, in the order of their rows, and what stands beside them.
CHANGED = {"line": "rightly\nlabelled", "flips": "flipped\npixels", "l2": "least L2\nchange"}
MADE = {"noise": "noise", "ascent": "after\nascent"}
DASHES = ["-", (0, (4, 2)), (0, (1, 1)), (0, (4, 1, 1, 1))]


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw the table of `failures.lines.tables.fooling`: distributions over images above, examples below.

    note: what to say of a run that is not at the paper's scale or settings.
    """
    figure = plt.figure(figsize=(PAGE, 5.5))
    above, below = figure.subfigures(2, 1, height_ratios=[1.2, 1.1])
    axes = above.subplots(1, 3)
    for index, learner in enumerate(table["learner"].unique()):
        own, dashes = table[table["learner"] == learner], DASHES[index % len(DASHES)]
        _distances(axes[0], own[own["part"] == "image"], dashes)
        _flips(axes[1], own[own["part"] == "image"], index, learner)
        _confidence(axes[2], own, dashes)
    axes[0].set(xlabel="L2 distance", ylabel="share of images", title="changes that suffice", xlim=0)
    axes[1].set(xlabel="flipped pixels", title="flips that suffice", xlim=0)
    axes[1].xaxis.get_major_locator().set_params(integer=True)
    axes[2].set(xlabel="score in the label's favour", title="noise and real images")
    for axis in axes:
        axis.set_ylim(0, 1.02)
        axis.legend(fontsize="x-small", loc="upper center", bbox_to_anchor=(0.5, -0.25), handlelength=1.5)
    pixels = table[table["part"] == "pixel"]
    left, right = below.subfigures(1, 2)
    _examples(left, pixels, CHANGED)
    _examples(right, pixels, MADE)
    add_note(figure, note)
    return figure


def _cumulative(axis: plt.Axes, values: pd.Series, **style: object) -> None:
    """The share of values up to each of them; what is missing is beyond all."""
    known = np.sort(values.dropna())
    axis.step(known, np.arange(1, len(known) + 1) / max(len(values), 1), where="post", linewidth=1.2, **style)


def _distances(axis: plt.Axes, images: pd.DataFrame, dashes: object) -> None:
    first = dashes == DASHES[0]
    names = {"l2": "change found", "nearest": "nearest of other class", "between": "median of other class"}
    for index, (column, name) in enumerate(names.items()):
        _cumulative(axis, images[column], color=color(index), linestyle=dashes, label=name if first else None)


def _flips(axis: plt.Axes, images: pd.DataFrame, index: int, learner: str) -> None:
    """Share of images that some number of flips suffices for."""
    dashes, shade = DASHES[index % len(DASHES)], color(index + 3)
    _cumulative(axis, images["flips"], color=shade, linestyle=dashes, label=learner.replace("_", "-"))


def _confidence(axis: plt.Axes, own: pd.DataFrame, dashes: object) -> None:
    first = dashes == DASHES[0]
    real, noise = (own[own["part"] == part] for part in ("real", "noise"))
    curves = {
        "real": real["score"].abs(),
        "noise": noise["start_score"].abs(),
        "after ascent": noise["label"] * noise["score"],
    }
    for index, (name, values) in enumerate(curves.items()):
        _cumulative(axis, values, color=color(index), linestyle=dashes, label=name if first else None)
    axis.set_xscale("symlog", linthresh=1)


def _examples(part: plt.Figure, pixels: pd.DataFrame, kinds: dict[str, str]) -> None:
    """A row of images a kind, a column an example."""
    numbers = list(pixels.loc[pixels["kind"].isin(kinds), "number"].unique())
    axes = part.subplots(len(kinds), max(1, len(numbers)), squeeze=False)
    for row, (kind, name) in zip(axes, kinds.items(), strict=True):
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(True)
        row[0].set_ylabel(name, fontsize="x-small", rotation=0, ha="right", va="center")
        for axis, number in zip(row, numbers, strict=False):
            own = pixels[(pixels["kind"] == kind) & (pixels["number"] == number)]
            image = np.zeros((SIZE, SIZE))
            image[own["row"].astype(int), own["column"].astype(int)] = own["value"]
            axis.imshow(1 - image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
