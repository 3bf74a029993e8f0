"""Adversarial and fooling images for N1.

The table has one row per test image, image of noise, pixel of an example, or statistic of a network.

*Chosen* images are test images that the network classifies correctly. Images whose black pixels all lie in one row or
all in one column are left out, because such a line may have either label. *Noise* images start as uniform noise.
Gradient ascent then raises N1's score for a *target label*. *Confidence* is the logistic function of the score for the
predicted or the target label; for the label -1 the score's sign is reversed.

Medians over the chosen images: `median_flips` (of `flips`), `relative`, `l2`, `nearest`, `between`.

Columns:
    part: `image`: a chosen image; `real`: any test image; `noise`: an image of noise; `pixel`: a non-zero pixel of an
        example; `summary`: one statistic of a network
    problem, learner, seed
    number: index of the image
    label: label of the image; for `noise`, the target label
    n_pixels: number of black pixels
    start_score: score before the ascent (`noise`)
    score: score of the unchanged image; for `noise`, the score after the ascent
    single: number of pixels, of all 784, that change the label if flipped alone
    flips: smallest number of flipped pixels for which the search finds a changed label; empty if it finds none
    flips_at_least: proven lower bound on the number of flips; all smaller sets of pixels were tried
    l2: L2 norm of the smallest change for which the search finds a changed label; for `noise`, L2 norm of the change by
        the ascent
    largest: largest change of a single pixel in this smallest change
    nearest: smallest L2 distance to a training image of the other class; horizontal and vertical lines are left out
    between: median of these distances
    kind: image that the pixel belongs to, as listed below (`pixel`)
    row, column: position of the pixel (`pixel`)
    relative: `l2` / `nearest` (`image`)
    confidence: for `real`, confidence in the predicted label; for `noise`, confidence in the target label after the
        ascent
    start_confidence: for `noise`, confidence in the predicted label before the ascent
    quantity: name of the statistic, as listed below (`summary`)
    value: for `pixel`, the grey level in [0, 1]; for `summary`, the statistic
    low, high: 95 % interval of the statistic: Wilson for shares, bootstrap for medians
    n: number of images in the statistic

Kinds of pixels:
    line: the chosen image
    flips: the chosen image with flipped pixels
    l2: the chosen image after the smallest change
    noise, ascent: the image of noise before and after the ascent

Shares of images:
    accuracy: test images that are classified correctly
    single: chosen images for which one flipped pixel changes the label
    flips: chosen images for which `largest_flips` flipped pixels or fewer change the label
    confident_real: test images with a confidence of at least 0.99
    confident_start: noise images with a confidence of at least 0.99 before the ascent
    confident: noise images with a confidence of at least 0.99 after the ascent
    beyond: noise images whose score for the target label, after the ascent, exceeds the absolute scores of 99 % of the
        test images
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from failures.artifacts.tables import wilson
from failures.engine.seeding import generator

# Confidence from which an image counts as confident, and quantile of the test images' scores for `beyond`.
CONFIDENT, REAL = 0.99, 0.99


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Add confidences to the attacked images, and summarise the images of each network.

    Args:
        inputs: `fooling`, the path of the file of `failures.families.lines.analyses.fooling`.

    Returns:
        The table that `Columns` describes.
    """
    table = pd.read_csv(inputs["fooling"])
    table["relative"] = table["l2"].where(table["part"] == "image") / table["nearest"]
    scored = table["part"].isin(["real", "noise"])
    right = np.where(table["part"] == "real", np.sign(table["score"]), table["label"])
    table["confidence"] = pd.Series(expit(right * table["score"])).where(scored)
    table["start_confidence"] = expit(table["start_score"].abs())
    rows = [
        {"part": "summary", "problem": problem, "learner": learner, "seed": seed, **row}
        for (problem, learner, seed), group in table.groupby(["problem", "learner", "seed"], sort=False)
        for row in _summaries(group, f"{problem} {learner} {seed}")
    ]
    table = pd.concat([table, pd.DataFrame(rows)], ignore_index=True)
    whole = ["number", "label", "n_pixels", "single", "flips", "flips_at_least", "row", "column", "n"]
    return table.astype(dict.fromkeys(whole, "Int64"))


def _summaries(group: pd.DataFrame, name: str) -> Iterator[dict[str, Any]]:
    """Yield the statistics of one network; `name` identifies the random stream of its bootstrap."""
    image, real, noise = (group[group["part"] == part] for part in ("image", "real", "noise"))
    yield _share("accuracy", real["label"] * real["score"] > 0)
    yield _share("single", image["single"] > 0)
    yield _share("flips", image["flips"].notna())
    yield _median("median_flips", image["flips"].fillna(np.inf), name)
    for quantity in ("relative", "l2", "nearest", "between"):
        yield _median(quantity, image[quantity].fillna(np.inf), name)
    beyond = np.quantile(real["score"].abs(), REAL)
    yield _share("confident", noise["confidence"] >= CONFIDENT)
    yield _share("beyond", noise["label"] * noise["score"] > beyond)
    yield _share("confident_start", noise["start_confidence"] >= CONFIDENT)
    yield _share("confident_real", real["confidence"] >= CONFIDENT)


def _share(quantity: str, true: pd.Series) -> dict[str, Any]:
    """Return a share with its Wilson interval; empty if there are no images."""
    if true.empty:
        return {"quantity": quantity, "n": 0}
    low, high = wilson(int(true.sum()), len(true))
    return {"quantity": quantity, "value": true.mean(), "low": low, "high": high, "n": len(true)}


def _median(quantity: str, values: pd.Series, name: str) -> dict[str, Any]:
    """Return a median with its 95 % percentile interval of the bootstrap; empty if there are no images."""
    if values.empty:
        return {"quantity": quantity, "n": 0}
    drawn = generator("lines", "fooling", name, quantity).choice(values.to_numpy(float), (2000, len(values)))
    # Without interpolation, because values may be infinite.
    low, high = np.quantile(np.quantile(drawn, 0.5, axis=1, method="lower"), [0.025, 0.975], method="lower")
    value = np.quantile(values, 0.5, method="lower")
    return {"quantity": quantity, "value": value, "low": low, "high": high, "n": len(values)}
