"""Table of the figure fooling: what changes the label of an image, and noise that is labelled with confidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from failures.artifacts.tables import wilson
from failures.engine.seeding import generator

# Of an image that is labelled with confidence, and the share of the real images that noise is to be beyond.
CONFIDENT, REAL = 0.99, 0.99


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """What `failures.families.lines.analyses.fooling` found, and shares and medians over its images.

    inputs: `fooling` (table of `failures.families.lines.analyses.fooling`). Confidence is the logistic of a score.
    Returns its columns and of the part `image`: relative (smallest change over the distance to the nearest training
    image of the other class); of `real`, `noise`: confidence (in the label that the noise is made for), of `noise`:
    start_confidence; of `summary`: quantity, value, low, high (95 % interval) and n (images). Quantities: accuracy;
    single, shares of images that one pixel flips; flips, share that some number of flips does; median_flips;
    relative, median (bootstrap), l2, nearest and between, medians of distances; confident and beyond, shares
    of noise images that end with a confidence of .99, and with a score above that of 99 % of the real images;
    confident_start, of those that begin so, in whatever label; confident_real, of real images.
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
    """The quantities of one network. name: of the random stream of its bootstrap."""
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
    """A share with Wilson's interval; empty for no images."""
    if true.empty:
        return {"quantity": quantity, "n": 0}
    low, high = wilson(int(true.sum()), len(true))
    return {"quantity": quantity, "value": true.mean(), "low": low, "high": high, "n": len(true)}


def _median(quantity: str, values: pd.Series, name: str) -> dict[str, Any]:
    """A median with its 95 % percentile interval of the bootstrap; empty for no images."""
    if values.empty:
        return {"quantity": quantity, "n": 0}
    drawn = generator("lines", "fooling", name, quantity).choice(values.to_numpy(float), (2000, len(values)))
    # Of what there is, because the mean of two infinite values is none.
    low, high = np.quantile(np.quantile(drawn, 0.5, axis=1, method="lower"), [0.025, 0.975], method="lower")
    value = np.quantile(values, 0.5, method="lower")
    return {"quantity": quantity, "value": value, "low": low, "high": high, "n": len(values)}
