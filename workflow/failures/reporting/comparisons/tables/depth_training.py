"""Table of the figure depth_training: where training ends, against the depth of the network."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.reporting.comparisons.runs import read_family
from failures.reporting.comparisons.scales import FAILED

# Hidden layers of the steps family's networks where the learner does not say.
HIDDEN_LAYERS = {"end_to_end": 3, "multiclass": 2}
COLUMNS = ["family", "problem", "learner", "architecture", "depth", "size", "instance", "replicate", "rate_factor"]


def tabulate(inputs: dict[str, Any], families: dict[str, dict[str, dict[str, dict[str, Any]]]]) -> pd.DataFrame:
    """Every run of all families at its end.

    inputs: `runs_FAMILY` and `history_FAMILY` (files) of each family. families: for each, `problems` with what their
    size is, and `learners` with the keys that say how they are built
    (`failures.reporting.comparisons.scales.BUILT`), as far as the family has them.
    Returns one row a run: family, problem, learner, architecture (plain, residual, normalised, blocks, flat or sign),
    depth (hidden layers; of lines, blocks; of curves' autoencoder, layers more than the paper's), size (d, k or n),
    instance, replicate, rate_factor, metric, value (at the end; empty if the run diverged), progress (0 at chance, 1
    perfect), failed (less than half of that way), n_steps and status.
    """
    parts = []
    for family, settings in families.items():
        runs, _ = read_family(inputs, family, settings["problems"])
        learners = settings["learners"]
        runs["architecture"] = runs["learner"].map(lambda name, of=learners: architecture(of[name]))
        runs["depth"] = runs["learner"].map(lambda name, of=learners: depth(of[name]))
        parts.append(runs)
    table = pd.concat(parts, ignore_index=True)
    # A run that diverged has learnt nothing, either.
    table["failed"] = ~(table["progress"] >= FAILED)
    columns = [*COLUMNS, "metric", "value", "progress", "failed", "n_steps", "status"]
    order = ["family", "size", "problem", "architecture", "depth", "learner", "replicate", "instance"]
    return table[columns].sort_values(order, ignore_index=True)


def architecture(learner: dict[str, Any]) -> str:
    """What stands between a learner's layers, in a word."""
    if learner.get("normalization") == "layer":
        return "normalised"
    if learner.get("residual") or learner.get("architecture") == "residual":
        return "residual"
    if learner.get("blocks") is not None:
        return "blocks"
    if learner.get("kind") == "forward_only":
        return learner.get("hidden") or "flat"
    return "plain"


def depth(learner: dict[str, Any]) -> int:
    """Blocks, or hidden layers, of a learner's network."""
    for key in ("blocks", "depth"):
        if learner.get(key) is not None:
            return learner[key]
    return HIDDEN_LAYERS.get(learner.get("kind"), 0)
