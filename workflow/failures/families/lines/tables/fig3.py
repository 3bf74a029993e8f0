"""Table of Figure 3: test accuracy along training and at its end, and the most that is possible."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import published_curves, read_histories, wilson
from failures.families.lines.theory import ceilings


def tabulate(inputs: dict[str, Any], tuple_lengths: dict[str, int]) -> pd.DataFrame:
    """Accuracy of every run at every evaluation and at its end, the published curves, and the ceiling.

    inputs: `history` (files), `final` (table of `failures.families.lines.analyses.final_accuracy`), `pool` and `published` (files).
    tuple_lengths: k of each problem.
    Returns columns part (training, final, published, ceiling), learner, tuple_length, seed, step, accuracy,
    accuracy_low and accuracy_high (95 % interval of Wilson), image_accuracy (of N1's sign, for single images).
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
