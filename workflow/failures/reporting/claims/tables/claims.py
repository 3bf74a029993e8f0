"""Claims of the paper, of the review (a blog review of the paper) and of this project.

One row per claim of `workflow/claims.yaml` whose tables exist.

Columns:
    claim_id, label: name of the claim; short label
    family
    claim: the claim as a sentence
    source: where the claim is made, such as a section of the paper, the review, or this project
    tables, column: tables and column that the value is computed from
    statistic: how the value and its interval are computed
    at_least, at_most: smallest and largest value for which the claim holds
    why: reason for these thresholds
    value, low, high: measured value; interval over replicates, as `statistic` describes
    n_replicates: number of replicates; empty if the value is exact
    verdict: outcome, as listed below
    finding: a sentence with the measured numbers
    scale: scale of the configuration

Verdicts:
    reproduced: the claim holds on the whole interval
    partly: the claim holds on a part of the interval
    not reproduced: the claim holds nowhere on the interval
    not enough runs: there are fewer than three replicates, or no interval
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from failures.artifacts.formats import number
from failures.reporting.claims.ledger import EXACT, NOTHING, Claim, Measured, Missing, read_claims, verdict
from failures.reporting.claims.measures import comparisons, curves, lines, parity, periodic, portfolio, steps

# Listed explicitly, so that the fingerprint of the rule claims_table covers these modules.
MEASURES = {
    "comparisons": comparisons,
    "curves": curves,
    "lines": lines,
    "parity": parity,
    "periodic": periodic,
    "portfolio": portfolio,
    "steps": steps,
}


def tabulate(inputs: dict[str, Any], scale: str) -> pd.DataFrame:
    """Measure every claim whose tables are among the inputs.

    Args:
        inputs: Paths of `ledger` (the YAML file of the claims) and of the tables, by name.
        scale: Scale of the configuration; findings at another scale than `full` begin with it.

    Returns:
        The table that `Columns` describes.
    """
    claims = read_claims(inputs["ledger"])
    needed = {name for claim in claims for name in claim.tables}
    tables = {name: pd.read_csv(path) for name, path in inputs.items() if name in needed}
    rows = [_row(claim, measure(claim, tables), scale) for claim in claims if set(claim.tables) <= tables.keys()]
    return pd.DataFrame(rows).astype({"at_least": float, "at_most": float})


def measure(claim: Claim, tables: dict[str, pd.DataFrame]) -> Measured:
    """Measure a claim; NOTHING if the tables lack its runs."""
    function = getattr(MEASURES[claim.family], claim.id)
    try:
        return function(*(tables[name] for name in claim.tables))
    except Missing:
        return NOTHING


def _row(claim: Claim, measured: Measured, scale: str) -> dict[str, Any]:
    """Build the row of a claim."""
    exact = measured.n_replicates >= EXACT
    return {
        "claim_id": claim.id,
        **claim.model_dump(include={"family", "label", "claim", "source"}),
        "tables": " ".join(claim.tables),
        **claim.model_dump(include={"column", "statistic", "at_least", "at_most", "why"}),
        "value": measured.value,
        "low": measured.low,
        "high": measured.high,
        "n_replicates": "" if exact else measured.n_replicates,
        "verdict": verdict(claim, measured),
        "finding": finding(claim, measured, scale),
        "scale": scale,
    }


def finding(claim: Claim, measured: Measured, scale: str) -> str:
    """Fill in the measured numbers in the claim's sentence."""
    if measured == NOTHING or math.isnan(measured.value):
        sentence = "Not measured: the tables lack the runs for this claim."
    else:
        numbers = {name: number(getattr(measured, name)) for name in ("value", "low", "high")}
        sentence = claim.finding.format(**numbers, n=measured.n_replicates)
    return sentence if scale == "full" else f"At {scale} scale: {sentence}"
