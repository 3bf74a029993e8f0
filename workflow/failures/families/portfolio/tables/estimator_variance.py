"""Second moments of the two gradient estimators.

Columns:
    stage: `initial`: at initialisation; `trained`: during training
    learner: learner that trains the network; empty at initialisation
    n_stocks, step
    ratio_median, ratio_p10, ratio_p90: E ||g||² of end-to-end training divided by that of the decomposition, closed
        form; empty for k = 1, where both are 0
    sampled_ratio_median, sampled_ratio_p10, sampled_ratio_p90: the same ratio, estimated from samples
    n_replicates: number of networks
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_histories, read_tables, replicate_band

KEYS = ["learner", "n_stocks", "step"]
NAMES = {"ratio": "moment", "sampled_ratio": "sampled_moment"}
METRICS = [f"{kind}moment_{method}" for kind in ("", "sampled_") for method in ("end_to_end", "decomposition")]


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Compute the ratio of the second moments, exact and sampled, at initialisation and during training.

    Args:
        inputs: `initial`, the path of the file of `failures.families.portfolio.analyses.moments`, and `history`, paths
            of histories.
        problems: `n_stocks` of each problem.

    Returns:
        The table that `Columns` describes.
    """
    keys = ["learner", "problem", "trial", "step"]
    trained = pd.concat([read_histories(inputs["history"], m).set_index(keys)[m] for m in METRICS], axis=1)
    trained = trained.reset_index()
    trained["n_stocks"] = trained["problem"].map(lambda name: problems[name]["n_stocks"])
    initial = read_tables([inputs["initial"]]).assign(step=0, learner="")
    return pd.concat(
        [_ratios(initial).assign(stage="initial"), _ratios(trained).assign(stage="trained")], ignore_index=True
    )[["stage", *KEYS, *(f"{name}_{part}" for name in NAMES for part in ("median", "p10", "p90")), "n_replicates"]]


def _ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Summarise the ratio of the moments over replicates, per kind of moment."""
    bands = []
    for name, moment in NAMES.items():
        # For a single stock, rounding makes the sampled moment slightly larger than 0.
        decomposition = table[f"{moment}_decomposition"].where(table["moment_decomposition"] > 0)
        table[name] = table[f"{moment}_end_to_end"] / decomposition
        bands.append(replicate_band(table, KEYS, name).set_index([*KEYS, "n_replicates"]))
    return pd.concat(bands, axis=1).reset_index()
