"""Claims about the portfolio (Section 3.2, Figure 4)."""

from __future__ import annotations

import itertools

import pandas as pd

from failures.reporting.claims.ledger import Measured, Missing, extreme, last, rows


def _gap(fig4: pd.DataFrame, n_stocks: int) -> Measured:
    """Compute the final loss of end-to-end minus decomposition, interval from the 10th and 90th percentiles of both."""
    ours = rows(fig4, source="ours", n_stocks=n_stocks)
    whole, parts = (last(rows(ours, learner=name)).iloc[0] for name in ("end_to_end", "decomposition"))
    return Measured(
        whole.loss_median - parts.loss_median,
        whole.loss_p10 - parts.loss_p90,
        whole.loss_p90 - parts.loss_p10,
        int(min(whole.n_replicates, parts.n_replicates)),
    )


def portfolio_end_to_end_inferior(fig4: pd.DataFrame) -> Measured:
    """Measure the gap in final loss at k = 500."""
    return _gap(fig4, 500)


def portfolio_gap_grows(fig4: pd.DataFrame) -> Measured:
    """Measure the smallest growth of the gap in final loss from one k to the next."""
    lengths = sorted(rows(fig4, source="ours")["n_stocks"].unique())
    gaps = [_gap(fig4, k) for k in lengths]
    if len(gaps) < 2:
        raise Missing
    growths = [
        Measured(b.value - a.value, b.low - a.high, b.high - a.low, min(a.n_replicates, b.n_replicates))
        for a, b in itertools.pairwise(gaps)
    ]
    return extreme(min, growths)


def portfolio_second_moment(estimator_variance: pd.DataFrame) -> Measured:
    """Measure the sampled ratio of the second moments before training, divided by k: the one furthest from 1."""
    table = rows(estimator_variance, stage="initial")
    table = table[table["n_stocks"] > 1]
    if table.empty:
        raise Missing
    parts = [
        Measured(
            *(getattr(row, f"sampled_ratio_{part}") / row.n_stocks for part in ("median", "p10", "p90")),
            int(row.n_replicates),
        )
        for row in table.itertuples()
    ]
    return max(parts, key=lambda part: abs(part.value - 1))
