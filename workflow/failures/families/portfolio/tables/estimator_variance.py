"""Table of the figure estimator_variance: how much larger the end-to-end gradient's second moment is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import read_histories, read_tables, replicate_band

KEYS = ["learner", "n_stocks", "step"]
NAMES = {"ratio": "moment", "sampled_ratio": "sampled_moment"}
METRICS = [f"{kind}moment_{method}" for kind in ("", "sampled_") for method in ("end_to_end", "decomposition")]


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Ratio of the second moments, exact and sampled, at the start against k and along training.

    inputs: `initial` (a file of `failures.families.portfolio.analyses.moments`) and `history` (files). problems: `n_stocks` of
    each problem.
    Returns columns stage (initial, trained), learner (empty at the start), n_stocks, step, for both ratios
    NAME_median, NAME_p10 and NAME_p90 with NAME `ratio` (closed form) and `sampled_ratio`, and n_replicates. The
    ratios are empty where the decomposition's gradient is 0, as it is for one stock.
    """
    keys = ["learner", "problem", "instance", "step"]
    trained = pd.concat([read_histories(inputs["history"], m).set_index(keys)[m] for m in METRICS], axis=1)
    trained = trained.reset_index()
    trained["n_stocks"] = trained["problem"].map(lambda name: problems[name]["n_stocks"])
    initial = read_tables([inputs["initial"]]).assign(step=0, learner="")
    return pd.concat(
        [_ratios(initial).assign(stage="initial"), _ratios(trained).assign(stage="trained")], ignore_index=True
    )[["stage", *KEYS, *(f"{name}_{part}" for name in NAMES for part in ("median", "p10", "p90")), "n_replicates"]]


def _ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Bands over the replicates of the ratio of the moments, for each kind of moment."""
    bands = []
    for name, moment in NAMES.items():
        # Rounding leaves a sampled gradient of a single stock a little above 0.
        decomposition = table[f"{moment}_decomposition"].where(table["moment_decomposition"] > 0)
        table[name] = table[f"{moment}_end_to_end"] / decomposition
        bands.append(replicate_band(table, KEYS, name).set_index([*KEYS, "n_replicates"]))
    return pd.concat(bands, axis=1).reset_index()
