"""Accuracy on tuples of lines.

Columns:
    part: source of the accuracy, as listed below
    learner, tuple_length, seed, step
    accuracy: share of tuples classified correctly
    accuracy_low, accuracy_high: 95 % interval of the accuracy (Wilson, `final`)
    image_accuracy: share of single images whose label equals the sign of N1's score; below 1/2 if end-to-end training
        learns the opposite sign

Parts:
    training: accuracy on the test tuples used during training
    final: accuracy at the end of training, on more test tuples
    published: a curve digitised from the paper's Figure 3
    ceiling: the ceiling
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import published_curves, read_histories, wilson
from failures.families.lines.theory import ceilings


def tabulate(inputs: dict[str, Any], tuple_lengths: dict[str, int]) -> pd.DataFrame:
    """Collect the accuracy of every run during and after training, the published curves and the ceiling.

    Args:
        inputs: `history`, paths of histories; `final`, the path of the file of
            `failures.families.lines.analyses.final_accuracy`; `pool` and `published`, paths of the images and of the
            digitised curves.
        tuple_lengths: k of each problem.

    Returns:
        The table that `Columns` describes.
    """
    training, single = (read_histories(inputs["history"], metric) for metric in ("accuracy", "image_accuracy"))
    training["image_accuracy"] = single["image_accuracy"]
    training["tuple_length"] = training["problem"].map(tuple_lengths)
    final = pd.read_csv(inputs["final"]).assign(part="final")
    final["step"] = final["n_steps"] - 1
    final["accuracy"] = final["n_right"] / final["n_test"]
    intervals = [wilson(*pair) for pair in zip(final["n_right"], final["n_test"], strict=True)]
    final["accuracy_low"], final["accuracy_high"] = zip(*intervals, strict=True)
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
    limits = pd.DataFrame(ceilings(inputs["pool"], lengths).items(), columns=["tuple_length", "accuracy"])
    parts = {"training": training, "final": final, "published": published, "ceiling": limits}
    table = pd.concat([rows.assign(part=part) for part, rows in parts.items()], ignore_index=True)
    table[["seed", "step"]] = table[["seed", "step"]].astype("Int64")
    columns = ["part", "learner", "tuple_length", "seed", "step", "accuracy", "accuracy_low", "accuracy_high"]
    return table[[*columns, "image_accuracy"]]
