"""Second moments of both gradient estimators at random initial weights.

Columns of gradients/portfolio/estimator_variance.csv:
    n_stocks, seed
    moment_end_to_end, moment_decomposition: E ||g||² of each gradient estimator at initialisation, closed form
    sampled_moment_end_to_end, sampled_moment_decomposition: the same moments, estimated from samples
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import tensorflow as tf

from failures.engine.seeding import EVALUATION, INIT, Streams
from failures.families.portfolio.objective import PortfolioObjective
from failures.families.portfolio.problem import draw_instances, parse_labels
from failures.families.portfolio.training import network


def analyze(
    inputs: dict[str, Any], n_features: int, n_stocks: list[int], n_samples: int, seeds: list[int]
) -> pd.DataFrame:
    """Compute the moments of fresh networks with fresh labels, per number of stocks and replicate.

    Args:
        inputs: Empty.
        n_features: Number of states, d.
        n_stocks: Values of k.
        n_samples: Samples per sampled moment.
        seeds: Seeds of the replicates.

    Returns:
        The table that `Columns` describes.
    """
    rows = []
    for k in n_stocks:
        streams = Streams("portfolio", f"moments_{k}")
        objective = PortfolioObjective(n_features, k, "end_to_end", n_samples, n_samples)
        for trial in draw_instances(streams.problem, n_features, k, seeds).itertuples():
            objective.assign(parse_labels(trial.labels), 0, streams.seed(trial.seed, EVALUATION))
            model = network(n_features, k, *streams.key(trial.seed, INIT))
            values = objective.evaluate(model, tf.constant(0, tf.int64)).numpy().tolist()
            moments = {m: v for m, v in zip(objective.metrics, values, strict=True) if "moment" in m}
            rows.append({"n_stocks": k, "seed": trial.seed} | moments)
    return pd.DataFrame(rows)
