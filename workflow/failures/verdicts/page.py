"""docs/claims.md from the table of the claims: `python -m failures.verdicts.page TABLE PAGE` (make claims)."""

from __future__ import annotations

import sys
from pathlib import Path

import jinja2
import pandas as pd

from failures.files import atomic
from failures.verdicts.ledger import VERDICTS
from failures.verdicts.tables.claims import number

TEMPLATE = """\
# Claims

What the paper and its review claim, as far as it can be measured, and what the tables say to it. Made by `make claims`
from `results/tables/claims.csv`{{ "" if scale == "full" else ", at " + scale + " scale, which means little" }};
thresholds, and why they are fair, are in [workflow/claims.yaml](../workflow/claims.yaml). A claim is *reproduced* if it
holds on the whole interval over replicates, *partly* if on a part of it, *not reproduced* if nowhere on it.

{{ counts }}
{% for family, rows in families %}

## {{ family[0]|upper }}{{ family[1:] }}

| claim | source | allowed | measured | verdict |
|---|---|---|---|---|
{% for row in rows %}
{{ row|line }}
{% endfor %}
{% endfor %}
"""


def allowed(row) -> str:
    """The values that a claim allows, in words."""
    least, most = (number(bound) for bound in (row.at_least, row.at_most))
    if pd.isna(row.at_most):
        return f"at least {least}"
    return f"at most {most}" if pd.isna(row.at_least) else f"{least} to {most}"


def line(row) -> str:
    """A row of a family's table."""
    cells = [row.claim, row.source, allowed(row), row.finding, f"**{row.verdict}**"]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def render(claims: pd.DataFrame) -> str:
    """The page, Markdown. claims: the table of `failures.verdicts.tables.claims`."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True)
    environment.filters["line"] = line
    found = claims["verdict"].value_counts()
    return environment.from_string(TEMPLATE).render(
        scale=claims["scale"].iloc[0],
        counts=", ".join(f"{verdict}: {found[verdict]}" for verdict in VERDICTS if verdict in found) + ".",
        families=[(name, list(rows.itertuples())) for name, rows in claims.groupby("family", sort=False)],
    )


if __name__ == "__main__":
    with atomic(sys.argv[2]) as private:
        Path(private).write_text(render(pd.read_csv(sys.argv[1])), "utf-8")
