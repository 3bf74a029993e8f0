"""Claims about flat activations (Section 5, Figure 7)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from failures.reporting.claims.ledger import Measured, Missing, band, extreme, last, rows
from failures.reporting.claims.measures.depth_errors import errors, median, quotient

OTHERS = ("non_flat", "end_to_end", "multiclass")


def _summary(step_learners: pd.DataFrame, learner: str, quantity: str) -> Measured:
    """Read a quantity of a learner: median, 10th and 90th percentile over replicates."""
    row = rows(step_learners, stage="summary", learner=learner, quantity=quantity).iloc[0]
    replicates = rows(step_learners, stage="training", learner=learner)["n_replicates"].min()
    low, high = (row.value_median if np.isnan(end) else end for end in (row.value_p10, row.value_p90))
    return Measured(row.value_median, low, high, int(replicates))


def _quotient(a: Measured, b: Measured) -> Measured:
    """Divide a by b, with the interval from the ends of both; inf / inf is 1 (neither target reached)."""
    ends = [(a.value, b.value), (a.low, b.high), (a.high, b.low)]
    values = [1.0 if np.isinf(x) and np.isinf(y) else x / y for x, y in ends]
    return Measured(*values, min(a.n_replicates, b.n_replicates))


def _against_forward_only(step_learners: pd.DataFrame, quantity: str, others=OTHERS) -> Measured:
    """Compute the smallest ratio of another learner's quantity to forward-only's."""
    best = _summary(step_learners, "forward_only", quantity)
    return extreme(min, [_quotient(_summary(step_learners, name, quantity), best) for name in others])


def non_flat_is_slow(step_learners: pd.DataFrame) -> Measured:
    """Measure the updates to an unexplained variance of 0.1, non-flat approximation over forward-only."""
    return _against_forward_only(step_learners, "updates_to_0.1", ("non_flat",))


def _successes(bias_sensitivity: pd.DataFrame, pick) -> Measured:
    """Read the extreme success rate over initial biases (scripts' slope), with its Wilson interval."""
    table = rows(bias_sensitivity, learner="non_flat")
    parts = [Measured(row.success, row.success_low, row.success_high, row.n_replicates) for row in table.itertuples()]
    return extreme(pick, parts)


def non_flat_can_fail(bias_sensitivity: pd.DataFrame) -> Measured:
    """Measure the success rate at the worst initial bias."""
    return _successes(bias_sensitivity, min)


def non_flat_depends_on_bias(bias_sensitivity: pd.DataFrame) -> Measured:
    """Measure the success rate at the best initial bias minus that at the worst.

    The interval is Newcombe's, from both Wilson intervals.
    """
    best, worst = _successes(bias_sensitivity, max), _successes(bias_sensitivity, min)
    value = best.value - worst.value
    low = value - np.hypot(best.value - best.low, worst.high - worst.value)
    high = value + np.hypot(best.high - best.value, worst.value - worst.low)
    return Measured(value, low, high, best.n_replicates)


def end_to_end_blurs_jumps(step_learners: pd.DataFrame) -> Measured:
    """Measure the share of wrong steps near a boundary over that among all samples, end-to-end."""
    near, everywhere = (_summary(step_learners, "end_to_end", name) for name in ("wrong_near", "wrong"))
    return _quotient(near, everywhere)


def end_to_end_costs_more(step_learners: pd.DataFrame) -> Measured:
    """Measure the multiply-adds per prediction, end-to-end over forward-only."""
    return _against_forward_only(step_learners, "multiply_adds", ("end_to_end",))


def multiclass_errs_at_boundaries(step_learners: pd.DataFrame) -> Measured:
    """Measure the share of wrong steps near a boundary over that among all samples, multi-class."""
    near, everywhere = (_summary(step_learners, "multiclass", name) for name in ("wrong_near", "wrong"))
    return _quotient(near, everywhere)


def multiclass_needs_more_samples(step_learners: pd.DataFrame) -> Measured:
    """Measure the samples to an unexplained variance of 0.1, multi-class over end-to-end."""
    many, few = (_summary(step_learners, name, "samples_to_0.1") for name in ("multiclass", "end_to_end"))
    return _quotient(many, few)


def forward_only_most_accurate(step_learners: pd.DataFrame) -> Measured:
    """Measure the final unexplained variance, best other learner over forward-only."""
    return _against_forward_only(step_learners, "unexplained")


def forward_only_fewest_updates(step_learners: pd.DataFrame) -> Measured:
    """Measure the updates to an unexplained variance of 0.1, fastest other learner over forward-only."""
    return _against_forward_only(step_learners, "updates_to_0.1")


def forward_only_cheapest(step_learners: pd.DataFrame) -> Measured:
    """Measure the multiply-adds per prediction, cheaper of both other networks over forward-only."""
    return _against_forward_only(step_learners, "multiply_adds", ("end_to_end", "multiclass"))


def glmtron_stays_below_its_bound(forward_only: pd.DataFrame) -> Measured:
    """Measure the largest ratio of GLMtron's smallest squared error so far to its bound, over iterations and L."""
    keys = ["lipschitz", "step"]
    run = rows(forward_only, part="glmtron").merge(rows(forward_only, part="bound"), on=keys, suffixes=("", "_bound"))
    if run.empty:
        raise Missing
    worst = run.loc[(run["value_median"] / run["value_median_bound"]).idxmax()]
    ends = (worst[f"value_{part}"] / worst["value_median_bound"] for part in ("median", "p10", "p90"))
    return Measured(*ends, int(worst["n_replicates"]))


def flat_learns_nothing(step_learners: pd.DataFrame) -> Measured:
    """Measure the final unexplained variance of training through the flat activation."""
    return band(last(rows(step_learners, stage="training", learner="flat", quantity="unexplained")).iloc[0], "value")


def depth_stops_end_to_end(depth_training: pd.DataFrame) -> Measured:
    """Measure the final unexplained variance, deepest end-to-end network without shortcuts."""
    plain = errors(depth_training, "steps", "plain")
    return median("plain", plain[max(plain)])


def shortcuts_rescue_end_to_end(depth_training: pd.DataFrame) -> Measured:
    """Measure the final unexplained variance, deepest network with shortcuts over the shallowest without."""
    plain, residual = (errors(depth_training, "steps", name) for name in ("plain", "residual"))
    return quotient("residual", residual[max(residual)], plain[min(plain)])


def _flat(depth_training: pd.DataFrame) -> dict[str, dict[int, np.ndarray]]:
    """Select the errors of networks with flat activations in every layer, by activation and depth."""
    return {name: errors(depth_training, "steps", name) for name in ("flat", "sign")}


def flat_one_layer_works(depth_training: pd.DataFrame) -> Measured:
    """Measure the final unexplained variance with one flat hidden layer, worse of both activations."""
    by_activation = _flat(depth_training)
    if not all(1 in depths for depths in by_activation.values()):
        raise Missing
    return extreme(max, [median(f"{name} 1", depths[1]) for name, depths in by_activation.items()])


def flat_depth_fails(depth_training: pd.DataFrame) -> Measured:
    """Measure the final unexplained variance with the most flat hidden layers, better of both activations."""
    by_activation = _flat(depth_training)
    return extreme(
        min, [median(f"{name} {max(depths)}", depths[max(depths)]) for name, depths in by_activation.items()]
    )


def flat_error_grows_with_depth(depth_training: pd.DataFrame) -> Measured:
    """Measure the final unexplained variance, most over fewest flat hidden layers.

    The smaller ratio of both activations counts.
    """
    parts = [
        quotient(name, by_depth[max(by_depth)], by_depth[min(by_depth)])
        for name, by_depth in _flat(depth_training).items()
    ]
    return extreme(min, parts)
