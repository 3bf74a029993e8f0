"""Claims beyond the paper: very deep networks and current optimisers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from failures.reporting.claims.ledger import Measured, bootstrap, extreme, rows, student


def _ends(depth_training: pd.DataFrame, column: str, **values: object) -> list[np.ndarray]:
    """Select a column of the runs with these values: one array over replicates per learner; diverged runs are 0."""
    table = rows(depth_training, **values)
    return [group[column].fillna(0.0).to_numpy() for _, group in table.groupby("learner")]


def _of(depth_training: pd.DataFrame, architecture: str, pick: Callable) -> np.ndarray:
    """Select the progress at d = 10 of an architecture at its extreme depth (`pick`: min or max)."""
    values = {"family": "parity", "size": 10, "architecture": architecture}
    values["depth"] = pick(rows(depth_training, **values)["depth"])
    return np.concatenate(_ends(depth_training, "progress", **values))


def _accuracy(progress: Measured) -> Measured:
    """Convert progress (0 at chance, 1 at perfect) to accuracy (0.5 to 1)."""
    return Measured(*((1 + end) / 2 for end in (progress.value, progress.low, progress.high)), progress.n_replicates)


def depth_does_not_rescue_30(depth_training: pd.DataFrame) -> Measured:
    """Measure the largest mean accuracy over architectures and depths at d = 30."""
    finals = _ends(depth_training, "progress", family="parity", size=30)
    return extreme(max, [_accuracy(student(final)) for final in finals])


def depth_slows_parity(depth_training: pd.DataFrame) -> Measured:
    """Measure the progress of the shallowest plain network at d = 10 minus that of the deepest."""
    shallow, deep = (_of(depth_training, "plain", pick) for pick in (min, max))
    return bootstrap("depth_slows_parity", lambda one, many: one.mean() - many.mean(), shallow, deep)


def shortcuts_keep_parity_learnable(depth_training: pd.DataFrame) -> Measured:
    """Measure the progress of the deepest network with shortcuts at d = 10."""
    return bootstrap("shortcuts_keep_parity_learnable", np.mean, _of(depth_training, "residual", max))


def normalisation_keeps_parity_learnable(depth_training: pd.DataFrame) -> Measured:
    """Measure the progress of the deepest layer-normalised network at d = 10."""
    return bootstrap("normalisation_keeps_parity_learnable", np.mean, _of(depth_training, "normalised", max))


def blocks_do_not_rescue_lines(depth_training: pd.DataFrame) -> Measured:
    """Measure the largest mean progress of the networks with residual blocks at k = 3."""
    deep = depth_training[depth_training["depth"] > 0]
    return extreme(max, [student(final) for final in _ends(deep, "progress", family="lines", size=3)])


def _least_growth(optimisers: pd.DataFrame, family: str) -> Measured:
    """Read the smallest exponent of a family's optimisers; raises Missing if there is none."""
    growths = rows(optimisers, part="growth", family=family).dropna(subset=["exponent"])
    parts = [
        Measured(row.exponent, row.exponent_low, row.exponent_high, int(row.n_replicates))
        for row in growths.itertuples()
    ]
    return extreme(min, parts)


def optimisers_keep_parity_exponential(optimisers: pd.DataFrame) -> Measured:
    """Measure the smallest slope over optimisers of log2(updates) against d."""
    return _least_growth(optimisers, "parity")


def optimisers_keep_conditioning(optimisers: pd.DataFrame) -> Measured:
    """Measure the smallest exponent over optimisers of n in the convolution's updates."""
    return _least_growth(optimisers, "curves")


def optimisers_do_not_rescue_30(optimisers: pd.DataFrame) -> Measured:
    """Measure the largest mean accuracy of an optimiser at its best learning rate at d = 30."""
    best = rows(optimisers, part="best", family="parity", size=30).dropna(subset=["progress"])
    parts = [
        _accuracy(Measured(row.progress, row.progress_low, row.progress_high, int(row.n_replicates)))
        for row in best.itertuples()
    ]
    return extreme(max, parts)
