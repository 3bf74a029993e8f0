"""Claims about parities (Section 2, Theorem 1)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import comb

from failures.artifacts.tables import wilson
from failures.reporting.claims.ledger import Measured, Missing, bootstrap, extreme, last, rows, student


def solving_steps(fig1: pd.DataFrame, n_features: int) -> np.ndarray:
    """Select each run's updates to its first perfect evaluation, in increasing order; inf: never."""
    return np.sort(rows(fig1, part="run", n_features=n_features)["steps"].fillna(np.inf).to_numpy(float))


def longer(first: np.ndarray, second: np.ndarray) -> float:
    """Compute the probability that a value of the second sample exceeds one of the first; ties count half."""
    pairs = second[:, None] - np.where(np.isinf(first), np.finfo(float).max, first)
    return float(np.mean((pairs > 0) + 0.5 * (pairs == 0)))


def parity_harder_with_d(fig1: pd.DataFrame) -> Measured:
    """Measure the probability that a replicate at d = 10 takes more steps than one at d = 5."""
    return bootstrap("parity_harder_with_d", longer, solving_steps(fig1, 5), solving_steps(fig1, 10))


def parity_chance_at_30(predictors: pd.DataFrame) -> Measured:
    """Measure the final accuracy of the ReLU network at d = 30."""
    row = rows(predictors, learner="relu", n_features=30).iloc[0]
    return Measured(row.accuracy, row.accuracy_low, row.accuracy_high, row.n_replicates)


def parity_chance_whatever_predictor(predictors: pd.DataFrame) -> Measured:
    """Measure the largest final accuracy of the trained classes of predictors at d = 30."""
    trained = rows(predictors, n_features=30)
    trained = trained[trained["n_steps"] > 0]
    if trained.empty:
        raise Missing
    best = trained.loc[trained["accuracy"].idxmax()]
    return Measured(best.accuracy, best.accuracy_low, best.accuracy_high, int(trained["n_replicates"].min()))


def _ratios(gradient_variance: pd.DataFrame) -> pd.DataFrame:
    """Select the exact ratios of the variance to the bound."""
    exact = gradient_variance["method"].isin(["transform", "cube"])
    return rows(gradient_variance[exact], quantity="ratio")


def _networks(table: pd.DataFrame) -> int:
    """Count the distinct networks of a table."""
    return len(table[["stage", "learner", "n_features", "seed", "updates"]].drop_duplicates())


def theorem_1_holds(gradient_variance: pd.DataFrame) -> Measured:
    """Measure the largest ratio of the variance to the bound over architectures, losses, d and training stages."""
    ratios = _ratios(gradient_variance)
    return Measured(ratios["value"].max(), ratios["value"].min(), ratios["value"].max(), _networks(ratios))


def theorem_1_tight(gradient_variance: pd.DataFrame) -> Measured:
    """Measure the smallest ratio of the variance to the bound for the square loss, d of at least 10."""
    ratios = rows(_ratios(gradient_variance), loss="square", stage="initial")
    ratios = ratios[ratios["n_features"] >= 10]
    if ratios.empty:
        raise Missing
    return Measured(ratios["value"].min(), ratios["value"].min(), ratios["value"].max(), _networks(ratios))


def trajectories_part_less_with_d(target_blindness: pd.DataFrame) -> Measured:
    """Measure the factor per bit of the relative distance between the two copies, exact gradients."""
    exact = last(rows(target_blindness, samples="cube", labels="parity"))
    if exact["n_features"].nunique() < 3:
        raise Missing
    line = stats.linregress(exact["n_features"], np.log(exact["drift_float64"] / exact["travel"]))
    half = stats.t.ppf(0.975, len(exact) - 2) * line.stderr
    replicates = exact.groupby("n_features")["seed"].nunique().min()
    return Measured(*np.exp([line.slope, line.slope - half, line.slope + half]), int(replicates))


def trajectories_blind_at_30(target_blindness: pd.DataFrame) -> Measured:
    """Measure the distance between copies at d = 30: trained on two parities, over trained on coin flips."""
    final = last(rows(target_blindness, samples="fresh", n_features=30))
    parity, coins = (rows(final, labels=labels).set_index("seed")["drift_float64"] for labels in ("parity", "coins"))
    return student((parity / coins).to_numpy())


def _runs_at_30(rescues: pd.DataFrame, intervention: str) -> pd.DataFrame:
    """Select the runs of an intervention at d = 30, with their numbers of correct samples."""
    runs = rows(rescues, part="run", intervention=intervention, n_features=30).dropna(subset="n_samples")
    return runs.assign(right=(runs["accuracy"] * runs["n_samples"]).round())


def _pooled(runs: pd.DataFrame) -> Measured:
    """Compute the accuracy on the pooled samples of all runs, with its Wilson interval."""
    right, n_samples = int(runs["right"].sum()), int(runs["n_samples"].sum())
    return Measured(right / n_samples, *wilson(right, n_samples), len(runs))


def _worst_of_the_best(rescues: pd.DataFrame, intervention: str) -> Measured:
    """Pick the learner with the best worst run, and return that run."""
    parts = []
    for _, runs in _runs_at_30(rescues, intervention).groupby("learner"):
        worst = _pooled(runs.nsmallest(1, "accuracy"))
        parts.append(Measured(worst.value, worst.low, worst.high, len(runs)))
    return extreme(max, parts)


def _exponent(rescues: pd.DataFrame, subset_size: int) -> pd.Series:
    """Read the fitted exponent of d for this |v|; raises Missing if there is none."""
    return rows(rescues, part="exponent", subset_size=subset_size).iloc[0]


def uniform_stays_at_chance(rescues: pd.DataFrame) -> Measured:
    """Measure the largest accuracy of the learners at d = 30 without intervention."""
    return extreme(max, [_pooled(runs) for _, runs in _runs_at_30(rescues, "uniform").groupby("learner")])


def sparse_parities_cost_a_power(rescues: pd.DataFrame) -> Measured:
    """Measure the exponent of d with three relevant bits.

    Raises:
        Missing: A run did not learn, which would bias the exponent downwards.
    """
    fit = _exponent(rescues, 3)
    if fit["n_missing"] > 0:
        raise Missing
    return Measured(fit["exponent"], fit["exponent_low"], fit["exponent_high"], int(fit["n_replicates"]))


def sparse_exponent_grows(rescues: pd.DataFrame) -> Measured:
    """Measure the exponent of d with three relevant bits minus that with one; both errors are independent."""
    one, three = _exponent(rescues, 1), _exponent(rescues, 3)
    value = three["exponent"] - one["exponent"]
    below = np.hypot(three["exponent"] - three["exponent_low"], one["exponent_high"] - one["exponent"])
    above = np.hypot(three["exponent_high"] - three["exponent"], one["exponent"] - one["exponent_low"])
    return Measured(value, value - below, value + above, int(min(one["n_replicates"], three["n_replicates"])))


def mixed_inputs_rescue_30(rescues: pd.DataFrame) -> Measured:
    """Measure the accuracy on uniform inputs after training on mixed inputs."""
    return _worst_of_the_best(rescues, "mixed")


def running_labels_rescue_30(rescues: pd.DataFrame) -> Measured:
    """Measure the accuracy of the chain of stages after training on prefix labels."""
    return _worst_of_the_best(rescues, "prefix_labels")


# Architectures whose initial weights preserve the norm of signals and gradients.
_KEEPING = ("he_relu", "he_residual", "he_normalised")
# Largest depth at which ReLU networks of width 64 are compared with infinite width: depth / width is at most 1/16.
_SHALLOW = 4
_NETWORK = ["n_features", "seed"]


def _ends(table: pd.DataFrame, deeper_only: bool = False) -> tuple[int, int]:
    """Return the smallest and the largest depth, or the two largest; raises Missing for a single depth."""
    depths = sorted(table["depth"].unique())
    if len(depths) < 2:
        raise Missing
    return int(depths[-2 if deeper_only else 0]), int(depths[-1])


def _by_network(table: pd.DataFrame, depth: int) -> np.ndarray:
    """Sum over parity sizes |v| at a depth, per network, ordered by dimension and seed."""
    return rows(table, depth=depth).groupby(_NETWORK)["value"].sum().sort_index().to_numpy()


def _of_networks(depth_signal: pd.DataFrame, learner: str, quantity: str) -> pd.DataFrame:
    """Select the rows of the networks of a learner."""
    return rows(depth_signal, source="network", learner=learner, quantity=quantity)


def _geometric_mean(values: np.ndarray) -> float:
    """Compute the geometric mean."""
    return float(np.exp(np.log(values).mean()))


def depth_buys_no_budget(depth_signal: pd.DataFrame) -> Measured:
    """Measure the squared gradient norm per hidden layer, deepest over shallowest: largest of three architectures."""
    parts = []
    for learner in _KEEPING:
        budgets = _of_networks(depth_signal, learner, "budget")
        first, final = _ends(budgets)
        factors = (_by_network(budgets, final) / final) / (_by_network(budgets, first) / first)
        parts.append(bootstrap(f"depth_buys_no_budget {learner}", _geometric_mean, factors))
    return extreme(max, parts)


def depth_kernel_predicts_shares(depth_signal: pd.DataFrame) -> Measured:
    """Measure the total variation distance between predicted and measured shares over parity sizes; ReLU."""
    keys = ["n_features", "depth", "degree"]
    predicted = rows(depth_signal, source="kernel", learner="he_relu", quantity="share").set_index(keys)["value"]
    shares = _of_networks(depth_signal, "he_relu", "share")
    shares = shares[shares["depth"] <= _SHALLOW].join(predicted, on=keys, suffixes=("", "_predicted"))
    if shares.empty:
        raise Missing
    misplaced = (shares["value"] - shares["value_predicted"]).abs() / 2
    return student(misplaced.groupby([shares[key] for key in (*_NETWORK, "depth")]).sum().to_numpy())


def depth_feeds_large_parities(depth_signal: pd.DataFrame) -> Measured:
    """Measure the share of parities over at least half of the bits, deepest over shallowest; ReLU."""
    shares = _of_networks(depth_signal, "he_relu", "share")
    large = shares[shares["degree"] >= shares["n_features"] / 2]
    first, final = (_by_network(large, depth) for depth in _ends(large))
    return bootstrap("depth_feeds_large_parities", _geometric_mean, final / first)


def depth_never_favours_large_parities(depth_signal: pd.DataFrame) -> Measured:
    """Measure the largest mean signal per parity over at least three quarters of the bits, relative to the average."""
    shares = rows(depth_signal, source="network", quantity="share")
    large = shares[shares["degree"] >= 0.75 * shares["n_features"]]
    fair = large.assign(value=comb(large["n_features"], large["degree"]) / 2.0 ** large["n_features"])
    keys = ["learner", "depth"]
    sums, fairs = (part.groupby([*keys, *_NETWORK])["value"].sum() for part in (large, fair))
    return extreme(max, [student(part.to_numpy()) for _, part in (sums / fairs).groupby(keys)])


def ordered_signal_has_its_depth_scale(depth_signal: pd.DataFrame) -> Measured:
    """Measure the decay rate of the share of non-constant parities per layer, over |log chi|."""
    shares = _of_networks(depth_signal, "tanh_ordered", "share")
    return _rate(depth_signal, "tanh_ordered", shares[shares["degree"] > 0], per_layer=True)


def chaotic_gradient_has_its_depth_scale(depth_signal: pd.DataFrame) -> Measured:
    """Measure the growth rate of the squared gradient norm with depth, over log chi."""
    return _rate(depth_signal, "tanh_chaotic", _of_networks(depth_signal, "tanh_chaotic", "budget"), per_layer=False)


def _rate(depth_signal: pd.DataFrame, learner: str, table: pd.DataFrame, per_layer: bool) -> Measured:
    """Compute the change of the logarithm per layer between the two largest depths, over log chi.

    Args:
        per_layer: Divide the values by the depth first. Each layer adds one term of equal size to a signal that falls
            as chi^depth.
    """
    first, final = _ends(table, deeper_only=True)
    logs = [np.log(_by_network(table, depth) / (depth if per_layer else 1)) for depth in (first, final)]
    chi = rows(depth_signal, source="mean_field", learner=learner, quantity="chi")["value"].iloc[0]
    return student((logs[1] - logs[0]) / (final - first) / np.log(chi))
