"""Table of Figure 4: expected loss against steps, over replicates, and as published."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import published_curves, read_histories, replicate_band

# States of the published figure's market.
N_FEATURES = 1000


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Median and band of the expected loss at every evaluation, beside the sampled loss, then the published curves.

    inputs: `history` (files) and `published` (file). problems: `n_stocks` and `n_features` of each problem; a
    published curve stands beside the problem of its k if that has the paper's 1000 states.
    Returns columns source (ours, published), learner, n_stocks, step, loss_median, loss_p10, loss_p90,
    sampled_loss (of the first replicate) and n_replicates; a published curve is the sampled loss of a single run.
    """
    by = ["learner", "n_stocks", "step"]
    exact, sampled = (read_histories(inputs["history"], metric) for metric in ("loss", "sampled_loss"))
    for history in (exact, sampled):
        history["n_stocks"] = history["problem"].map(lambda name: problems[name]["n_stocks"])
    first = sampled[sampled["seed"] == sampled["seed"].min()][[*by, "sampled_loss"]]
    ours = replicate_band(exact, by, "loss").merge(first, on=by, how="left")
    published = published_curves(inputs["published"], figure=4, quantity="loss")
    names = published["series"].str.extract(r"^k=(?P<n_stocks>\d+) (?P<learner>\S+)$")
    published = pd.DataFrame(
        {
            "learner": names["learner"].str.replace("-", "_"),
            "n_stocks": names["n_stocks"].astype(int),
            "step": published["x"],
            "sampled_loss": published["loss"],
            "n_replicates": 1,
        }
    )
    comparable = [problem["n_stocks"] for problem in problems.values() if problem["n_features"] == N_FEATURES]
    published = published[published["n_stocks"].isin(comparable)]
    table = pd.concat([ours.assign(source="ours"), published.assign(source="published")], ignore_index=True)
    return table[["source", *by, "loss_median", "loss_p10", "loss_p90", "sampled_loss", "n_replicates"]]
