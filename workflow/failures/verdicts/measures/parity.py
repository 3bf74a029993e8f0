"""Claims about parities (Section 2, Theorem 1)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from failures.tables import wilson
from failures.verdicts.ledger import Measured, Missing, bootstrap, extreme, last, rows, student


def solving_steps(fig1: pd.DataFrame, n_features: int) -> np.ndarray:
    """Updates after which each replicate was right on a whole evaluation, from the share that were; inf: never."""
    curve = rows(fig1, source="ours", n_features=n_features).sort_values("step")
    n = int(curve["n_replicates"].iloc[0])
    solved = (curve["share_solved"] * n).round().astype(int)
    times = np.repeat(curve["step"].to_numpy(float) + 1, solved.diff().fillna(solved.iloc[0]).astype(int))
    return np.append(times, np.full(n - len(times), np.inf))


def longer(first: np.ndarray, second: np.ndarray) -> float:
    """Probability that a value of the second sample is larger than one of the first; ties count half."""
    pairs = second[:, None] - np.where(np.isinf(first), np.finfo(float).max, first)
    return float(np.mean((pairs > 0) + 0.5 * (pairs == 0)))


def parity_harder_with_d(fig1: pd.DataFrame) -> Measured:
    """How likely a replicate at d = 10 needs longer than one at d = 5."""
    return bootstrap("parity_harder_with_d", longer, solving_steps(fig1, 5), solving_steps(fig1, 10))


def parity_chance_at_30(predictors: pd.DataFrame) -> Measured:
    """Accuracy of the ReLU network at d = 30."""
    row = rows(predictors, learner="relu", n_features=30).iloc[0]
    return Measured(row.accuracy, row.accuracy_low, row.accuracy_high, row.n_replicates)


def parity_chance_whatever_predictor(predictors: pd.DataFrame) -> Measured:
    """Largest accuracy at d = 30 of all trained classes of predictors."""
    trained = rows(predictors, n_features=30)
    trained = trained[trained["n_steps"] > 0]
    if trained.empty:
        raise Missing
    best = trained.loc[trained["accuracy"].idxmax()]
    return Measured(best.accuracy, best.accuracy_low, best.accuracy_high, int(trained["n_replicates"].min()))


def _ratios(gradient_variance: pd.DataFrame) -> pd.DataFrame:
    """Quotients of variance and bound that are exact."""
    exact = gradient_variance["method"].isin(["transform", "cube"])
    return rows(gradient_variance[exact], quantity="ratio")


def _networks(table: pd.DataFrame) -> int:
    """Number of different networks in a table."""
    return len(table[["stage", "learner", "n_features", "seed", "updates"]].drop_duplicates())


def theorem_1_holds(gradient_variance: pd.DataFrame) -> Measured:
    """Largest quotient of variance and bound over architectures, losses, d and stages."""
    ratios = _ratios(gradient_variance)
    return Measured(ratios["value"].max(), ratios["value"].min(), ratios["value"].max(), _networks(ratios))


def theorem_1_tight(gradient_variance: pd.DataFrame) -> Measured:
    """Smallest quotient of variance and bound for the square loss, from d = 10 on."""
    ratios = rows(_ratios(gradient_variance), loss="square", stage="initial")
    ratios = ratios[ratios["n_features"] >= 10]
    if ratios.empty:
        raise Missing
    return Measured(ratios["value"].min(), ratios["value"].min(), ratios["value"].max(), _networks(ratios))


def trajectories_part_less_with_d(target_blindness: pd.DataFrame) -> Measured:
    """Factor by which the distance between the two copies falls with every bit, exact gradients."""
    exact = last(rows(target_blindness, samples="cube", labels="parity"))
    if exact["n_features"].nunique() < 3:
        raise Missing
    line = stats.linregress(exact["n_features"], np.log(exact["drift_float64"] / exact["travel"]))
    half = stats.t.ppf(0.975, len(exact) - 2) * line.stderr
    replicates = exact.groupby("n_features")["seed"].nunique().min()
    return Measured(*np.exp([line.slope, line.slope - half, line.slope + half]), int(replicates))


def trajectories_blind_at_30(target_blindness: pd.DataFrame) -> Measured:
    """Distance of copies that see two parities over that of copies that see coin flips, d = 30."""
    final = last(rows(target_blindness, samples="fresh", n_features=30))
    parity, coins = (rows(final, labels=labels).set_index("seed")["drift_float64"] for labels in ("parity", "coins"))
    return student((parity / coins).to_numpy())


def _runs_at_30(rescues: pd.DataFrame, way: str) -> pd.DataFrame:
    """Runs of one way at d = 30 with the samples that they were right on."""
    runs = rows(rescues, part="run", way=way, n_features=30).dropna(subset="n_samples")
    return runs.assign(right=(runs["accuracy"] * runs["n_samples"]).round())


def _pooled(runs: pd.DataFrame) -> Measured:
    """Accuracy on the samples of all runs with Wilson's interval."""
    right, n_samples = int(runs["right"].sum()), int(runs["n_samples"].sum())
    return Measured(right / n_samples, *wilson(right, n_samples), len(runs))


def _worst_of_the_best(rescues: pd.DataFrame, way: str) -> Measured:
    """The worst run of the learner whose worst run is the best."""
    parts = []
    for _, runs in _runs_at_30(rescues, way).groupby("learner"):
        worst = _pooled(runs.nsmallest(1, "accuracy"))
        parts.append(Measured(worst.value, worst.low, worst.high, len(runs)))
    return extreme(max, parts)


def _exponent(rescues: pd.DataFrame, subset_size: int) -> pd.Series:
    """The fitted power of d for this |v|; Missing if there is none."""
    return rows(rescues, part="exponent", subset_size=subset_size).iloc[0]


def uniform_stays_at_chance(rescues: pd.DataFrame) -> Measured:
    """Largest accuracy of the learners at d = 30 without any help."""
    return extreme(max, [_pooled(runs) for _, runs in _runs_at_30(rescues, "uniform").groupby("learner")])


def sparse_parities_cost_a_power(rescues: pd.DataFrame) -> Measured:
    """Exponent of d with three relevant bits; runs that were not learnt would make it too small."""
    fit = _exponent(rescues, 3)
    if fit["n_missing"] > 0:
        raise Missing
    return Measured(fit["exponent"], fit["exponent_low"], fit["exponent_high"], int(fit["n_replicates"]))


def sparse_exponent_grows(rescues: pd.DataFrame) -> Measured:
    """Exponent with three relevant bits less that with one; the errors of both are independent."""
    one, three = _exponent(rescues, 1), _exponent(rescues, 3)
    value = three["exponent"] - one["exponent"]
    below = np.hypot(three["exponent"] - three["exponent_low"], one["exponent_high"] - one["exponent"])
    above = np.hypot(three["exponent_high"] - three["exponent"], one["exponent"] - one["exponent_low"])
    return Measured(value, value - below, value + above, int(min(one["n_replicates"], three["n_replicates"])))


def mixed_inputs_rescue_30(rescues: pd.DataFrame) -> Measured:
    """Accuracy on uniform inputs after training on mixed ones."""
    return _worst_of_the_best(rescues, "mixed")


def running_labels_rescue_30(rescues: pd.DataFrame) -> Measured:
    """Accuracy of the chain after training with running labels."""
    return _worst_of_the_best(rescues, "running")
