"""Table of Figure 3: test accuracy of the tuples' label along training and at its end, and the most that is possible."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.lines.problem import ceiling, is_aligned
from failures.tables import published_curves, read_histories


def tabulate(inputs: dict[str, Any], tuple_lengths: dict[str, int]) -> pd.DataFrame:
    """Accuracy of every run at every evaluation and at its end, the published curves, and the ceiling.

    inputs: `history` (files), `final` (table of `failures.lines.final_accuracy`), `pool` and `published` (files).
    tuple_lengths: k of each problem.
    Returns columns part (training, final, published, ceiling), learner, tuple_length, seed, step, accuracy,
    accuracy_low and accuracy_high (95 % interval), image_accuracy (of N1's sign, for single images).
    """
    training, single = (read_histories(inputs["history"], metric) for metric in ("accuracy", "image_accuracy"))
    training["image_accuracy"] = single["image_accuracy"]
    training["tuple_length"] = training["problem"].map(tuple_lengths)
    final = pd.read_csv(inputs["final"]).assign(part="final")
    final["step"] = final["n_steps"] - 1
    published = published_curves(inputs["published"], figure=3, quantity="accuracy")
    names = published["series"].str.extract(r"^k=(?P<k>\d+) (?P<learner>\S+)$")
    published = pd.DataFrame(
        {
            "learner": names["learner"].str.replace("-", "_"),
            "tuple_length": names["k"].astype(int),
            "step": published["x"],
            "accuracy": published["accuracy"],
        }
    )
    lengths = sorted(set(tuple_lengths.values()))
    published = published[published["tuple_length"].isin(lengths)]
    error = label_noise(np.load(inputs["pool"], mmap_mode="r"))
    limits = pd.DataFrame({"tuple_length": lengths, "accuracy": [ceiling(error, length) for length in lengths]})
    parts = {"training": training, "final": final, "published": published, "ceiling": limits}
    table = pd.concat([rows.assign(part=part) for part, rows in parts.items()], ignore_index=True)
    table[["seed", "step"]] = table[["seed", "step"]].astype("Int64")
    columns = ["part", "learner", "tuple_length", "seed", "step", "accuracy", "accuracy_low", "accuracy_high"]
    return table[[*columns, "image_accuracy"]]


def label_noise(pool: np.ndarray) -> float:
    """Share of images whose label is wrong, at best: half of those along an axis, which have either label.

    pool: packed images, int32 [n, 29]. (Lines that end outside of the image tell a little more: with the scripts'
    images, an exact image that has been seen before is guessed right in 51.6 % of such cases.)
    """
    size = 100_000
    aligned = sum(np.count_nonzero(is_aligned(pool[start : start + size])) for start in range(0, len(pool), size))
    return aligned / len(pool) / 2
