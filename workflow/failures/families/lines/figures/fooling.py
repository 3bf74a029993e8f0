"""Adversarial and fooling images: smallest changes of the label, scores of noise, and examples."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.artifacts.formats import interval, number, percent
from failures.artifacts.labels import learner_label
from failures.artifacts.style import PAGE, add_note, color

SIZE = 28
# Kinds of examples with the label of their row: changed test images (left) and noise (right).
CHANGED = {"line": "test\nimage", "flips": "flipped\npixels", "l2": "smallest\nL2 change"}
NOISE = {"noise": "uniform\nnoise", "ascent": "after\nascent"}
DASHES = ["-", (0, (4, 2)), (0, (1, 1)), (0, (4, 1, 1, 1))]


def draw(table: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw cumulative distributions over images (above) and examples (below).

    Args:
        table: Table of `failures.families.lines.tables.fooling`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    figure = plt.figure(figsize=(PAGE, 5.5))
    above, below = figure.subfigures(2, 1, height_ratios=[1.2, 1.1])
    axes = above.subplots(1, 3)
    for index, learner in enumerate(table["learner"].unique()):
        own, dashes = table[table["learner"] == learner], DASHES[index % len(DASHES)]
        _distances(axes[0], own[own["part"] == "image"], dashes)
        _flips(axes[1], own[own["part"] == "image"], index, learner)
        _scores(axes[2], own, dashes)
    axes[0].set(xlabel="L2 distance", ylabel="share of images", title="smallest L2 change", xlim=0)
    axes[1].set(xlabel="flipped pixels", title="fewest pixel flips", xlim=0)
    axes[1].xaxis.get_major_locator().set_params(integer=True)
    axes[2].set(xlabel="score towards the label", title="scores of noise")
    for axis in axes:
        axis.set_ylim(0, 1.02)
        axis.legend(fontsize="x-small", loc="upper center", bbox_to_anchor=(0.5, -0.25), handlelength=1.5)
    pixels = table[table["part"] == "pixel"]
    left, right = below.subfigures(1, 2)
    _examples(left, pixels, CHANGED)
    _examples(right, pixels, NOISE)
    add_note(figure, note)
    return figure


def numbers(table: pd.DataFrame) -> dict[str, str]:
    """Return the numbers of the caption, for the first network.

    Args:
        table: Table of `failures.families.lines.tables.fooling`.

    Returns:
        `images`: number of changed images. `relative`: smallest change relative to the distance to the nearest image of
        the other label, median with 95 % interval. `single`: share of images whose label one pixel changes. `flips`:
        median number of flipped pixels. `start`, `real`, `confident`: shares of noise images, test images and noise
        images after ascent with a confidence of at least 0.99. `same`: share of the noise images with their more
        frequent label.
    """
    first = table[table["learner"] == table["learner"].iloc[0]]
    summary = first[first["part"] == "summary"].drop_duplicates("quantity").set_index("quantity")
    value = summary["value"].reindex(["single", "median_flips", "confident_start", "confident_real", "confident"])
    relative = summary.reindex(["relative"])[["value", "low", "high"]].iloc[0]
    noise = first.loc[first["part"] == "noise", "start_score"]
    positive = (noise > 0).mean()
    flips = value["median_flips"]
    return {
        "images": number((first["part"] == "image").sum()),
        "relative": interval(*relative),
        "single": percent(value["single"]),
        "flips": "more than the search allows" if np.isinf(flips) else number(flips),
        "start": percent(value["confident_start"]),
        "real": percent(value["confident_real"]),
        "confident": percent(value["confident"]),
        "same": percent(max(positive, 1 - positive)),
    }


def _cumulative(axis: plt.Axes, values: pd.Series, **style: object) -> None:
    """Draw the cumulative share of values; missing values count as larger than all others."""
    known = np.sort(values.dropna())
    axis.step(known, np.arange(1, len(known) + 1) / max(len(values), 1), where="post", linewidth=1.2, **style)


def _distances(axis: plt.Axes, images: pd.DataFrame, dashes: object) -> None:
    first = dashes == DASHES[0]
    names = {
        "l2": "smallest change found",
        "nearest": "nearest image, other label",
        "between": "median image, other label",
    }
    for index, (column, name) in enumerate(names.items()):
        _cumulative(axis, images[column], color=color(index), linestyle=dashes, label=name if first else None)


def _flips(axis: plt.Axes, images: pd.DataFrame, index: int, learner: str) -> None:
    """Draw the share of images whose label changes against the number of flipped pixels."""
    dashes, shade = DASHES[index % len(DASHES)], color(index + 3)
    _cumulative(axis, images["flips"], color=shade, linestyle=dashes, label=learner_label(learner))


def _scores(axis: plt.Axes, own: pd.DataFrame, dashes: object) -> None:
    """Draw the scores of test images and of noise: absolute values; after ascent, towards the assigned label."""
    first = dashes == DASHES[0]
    real, noise = (own[own["part"] == part] for part in ("real", "noise"))
    curves = {
        "test images": real["score"].abs(),
        "uniform noise": noise["start_score"].abs(),
        "noise after ascent": noise["label"] * noise["score"],
    }
    for index, (name, values) in enumerate(curves.items()):
        _cumulative(axis, values, color=color(index), linestyle=dashes, label=name if first else None)
    axis.set_xscale("symlog", linthresh=1)


def _examples(part: plt.Figure, pixels: pd.DataFrame, kinds: dict[str, str]) -> None:
    """Draw example images, one row per kind and one column per example."""
    examples = list(pixels.loc[pixels["kind"].isin(kinds), "number"].unique())
    axes = part.subplots(len(kinds), max(1, len(examples)), squeeze=False)
    for row, (kind, name) in zip(axes, kinds.items(), strict=True):
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(True)
        row[0].set_ylabel(name, fontsize="x-small", rotation=0, ha="right", va="center")
        for axis, example in zip(row, examples, strict=False):
            own = pixels[(pixels["kind"] == kind) & (pixels["number"] == example)]
            image = np.zeros((SIZE, SIZE))
            image[own["row"].astype(int), own["column"].astype(int)] = own["value"]
            axis.imshow(1 - image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
