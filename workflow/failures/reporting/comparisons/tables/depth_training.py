"""Training outcome by depth.

One row per run. *Progress* places a metric on a scale from 0 (chance) to 1 (perfect).

Columns:
    family, problem, learner, trial
    architecture: type of the hidden layers, as listed below
    depth: number of hidden layers; lines: residual blocks; curves: hidden layers in addition to those of the paper's
        autoencoder
    size: size of the problem: d (parity, periodic, steps), k (lines, portfolio) or n (curves)
    replicate: seed
    rate_factor
    metric: name of the metric
    value: median of the metric over the evaluations in the last tenth of the steps; empty if the run diverged
    progress: progress of `value`
    failed: whether `progress` is less than 0.5
    n_steps, status: as in `runs.csv`

Architectures:
    plain: no shortcuts and no normalisation
    residual: a shortcut around each layer
    normalised: layer normalisation
    blocks: residual blocks after the convolutions (lines)
    flat, sign: forward-only training with the step function or the sign as activation of the hidden layers
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.reporting.comparisons.runs import read_family
from failures.reporting.comparisons.scales import FAILED

# Hidden layers of networks of the steps family, by kind of the learner, if the learner has no key for them.
HIDDEN_LAYERS = {"end_to_end": 3, "multiclass": 2}
COLUMNS = ["family", "problem", "learner", "architecture", "depth", "size", "trial", "replicate", "rate_factor"]


def tabulate(inputs: dict[str, Any], families: dict[str, dict[str, dict[str, dict[str, Any]]]]) -> pd.DataFrame:
    """Collect the end of every run of all families.

    Args:
        inputs: `runs_FAMILY` and `history_FAMILY`, the paths of both kinds of files for each family.
        families: For each family, `problems` with the size of each problem, and `learners` with the keys that describe
            their networks (`failures.reporting.comparisons.scales.BUILT`).

    Returns:
        The table that `Columns` describes.
    """
    parts = []
    for family, settings in families.items():
        runs, _ = read_family(inputs, family, settings["problems"])
        learners = settings["learners"]
        runs["architecture"] = runs["learner"].map(lambda name, of=learners: architecture(of[name]))
        runs["depth"] = runs["learner"].map(lambda name, of=learners: depth(of[name]))
        parts.append(runs)
    table = pd.concat(parts, ignore_index=True)
    # A diverged run has no progress and counts as failed.
    table["failed"] = ~(table["progress"] >= FAILED)
    columns = [*COLUMNS, "metric", "value", "progress", "failed", "n_steps", "status"]
    order = ["family", "size", "problem", "architecture", "depth", "learner", "replicate", "trial"]
    return table[columns].sort_values(order, ignore_index=True)


def architecture(learner: dict[str, Any]) -> str:
    """Return the name of the connections between the layers of a learner."""
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
    """Return the number of residual blocks, or of hidden layers, of a learner."""
    for key in ("blocks", "depth"):
        if learner.get(key) is not None:
            return learner[key]
    return HIDDEN_LAYERS.get(learner.get("kind"), 0)
