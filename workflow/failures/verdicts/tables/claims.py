"""Table of the claims: what was measured of each, and the verdict."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from failures.verdicts.ledger import EXACT, NOTHING, Claim, Measured, Missing, read_claims, verdict
from failures.verdicts.measures import beyond, curves, lines, parity, periodic, portfolio, steps

# Written out, so that the fingerprint of the table's rule sees them.
MEASURES = {
    "beyond": beyond,
    "curves": curves,
    "lines": lines,
    "parity": parity,
    "periodic": periodic,
    "portfolio": portfolio,
    "steps": steps,
}


def tabulate(inputs: dict[str, Any], scale: str) -> pd.DataFrame:
    """Every claim of the ledger whose family's tables are given.

    inputs: `ledger` (file) and every table by its name. scale: of the configuration; findings of
    another than `full` say so.
    Returns columns claim_id, family, label, claim, source, tables, column, statistic, at_least, at_most, why, value,
    low, high, n_replicates (empty: exact), verdict, finding, scale.
    """
    claims = read_claims(inputs["ledger"])
    needed = {name for claim in claims for name in claim.tables}
    tables = {name: pd.read_csv(path) for name, path in inputs.items() if name in needed}
    rows = [_row(claim, measure(claim, tables), scale) for claim in claims if set(claim.tables) <= tables.keys()]
    return pd.DataFrame(rows).astype({"at_least": float, "at_most": float})


def measure(claim: Claim, tables: dict[str, pd.DataFrame]) -> Measured:
    """What the tables say to a claim; NOTHING where they lack the runs that it is about."""
    function = getattr(MEASURES[claim.family], claim.id)
    try:
        return function(*(tables[name] for name in claim.tables))
    except Missing:
        return NOTHING


def _row(claim: Claim, measured: Measured, scale: str) -> dict[str, Any]:
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
    """The claim's sentence with its numbers."""
    if measured == NOTHING or math.isnan(measured.value):
        sentence = "The runs that this claim is about were not made."
    else:
        numbers = {name: number(getattr(measured, name)) for name in ("value", "low", "high")}
        sentence = claim.finding.format(**numbers, n=measured.n_replicates)
    return sentence if scale == "full" else f"At {scale} scale: {sentence}"


def number(value: float) -> str:
    """A number with three digits, as one would write it."""
    if math.isnan(value):
        return "?"
    if math.isinf(value):
        return "∞"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
