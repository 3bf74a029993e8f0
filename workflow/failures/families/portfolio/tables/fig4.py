"""Portfolio loss.

Columns:
    source: `ours`, or `published`: a curve digitised from the paper's Figure 4
    learner, n_stocks, step
    loss_median, loss_p10, loss_p90: expected loss -E p_y (exact) over replicates; empty for published curves
    sampled_loss: loss on 500 fresh samples with random rewards; of the first replicate, or of the published run
    n_replicates
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.artifacts.tables import published_curves, read_histories, replicate_band

# Number of states in the published figure.
N_FEATURES = 1000


def tabulate(inputs: dict[str, Any], problems: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Compute the median and band of the expected loss at every evaluation, and append the published curves.

    Args:
        inputs: `history`, paths of histories, and `published`, the path of the digitised curves.
        problems: `n_stocks` and `n_features` of each problem. Published curves are kept for problems with the paper's
            1000 states.

    Returns:
        The table that `Columns` describes.
    """
    keys = ["learner", "n_stocks", "step"]
    exact, sampled = (read_histories(inputs["history"], metric) for metric in ("loss", "sampled_loss"))
    for history in (exact, sampled):
        history["n_stocks"] = history["problem"].map(lambda name: problems[name]["n_stocks"])
    first = sampled[sampled["seed"] == sampled["seed"].min()][[*keys, "sampled_loss"]]
    ours = replicate_band(exact, keys, "loss").merge(first, on=keys, how="left")
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
    return table[["source", *keys, "loss_median", "loss_p10", "loss_p90", "sampled_loss", "n_replicates"]]
