"""Page docs/claims.md from the table of the claims (`make claims`)."""

from __future__ import annotations

import jinja2
import pandas as pd
import yaml

from failures.artifacts.formats import number
from failures.packages import folder
from failures.reporting.claims.ledger import VERDICTS

TEMPLATE = """\
# Claims

This page lists every measurable claim of the paper and of its review, with its measured value and verdict.
{% if scale != "full" %}
The values are those of a run at {{ scale }} scale. They are not comparable with the paper.
{% endif %}
`make claims` generates the page from `{{ table }}`. For each claim,
[workflow/claims.yaml]({{ root }}/workflow/claims.yaml) states
the statistic, the kind of its interval, and why the threshold is fair.

{{ counts }}

A claim is

- *reproduced* if it holds on the whole interval,
- *partly* reproduced if it holds on a part of the interval,
- *not reproduced* if it holds nowhere on the interval.

Terms:

- *The review* is a blog review of the paper, whose claims are checked as well. Claims with the source *this project*
  are additions to both.
- *End-to-end*: the network is trained only on the label of the whole tuple, or on the final reward. *Decomposition*: it
  is trained on the intermediate labels.
- *N1* is the convolutional network that scores one image. *SNR* is the signal-to-noise ratio of the gradient at
  initialisation.
- *Unexplained variance* is the mean squared error divided by the variance of the label.
- *Conditioned*: the inputs are multiplied by C^(-1/2), C their second-moment matrix.
- *Non-flat approximation*: a sum of sigmoids replaces the step function. *Forward-only*: back-propagation uses 1 in
  place of the derivative of the step function.
- *Plain* networks have no shortcuts. *Progress* rescales a result to 0 at chance and 1 at perfect.
- A *replicate* is one seed. Brackets hold the interval. If groups are compared, the number of replicates is that of the
  smallest group.
{% for title, rows in families %}

## {{ title }}

| claim | source | holds if value is | measured | verdict |
|---|---|---|---|---|
{% for row in rows %}
{{ row|line }}
{% endfor %}
{% endfor %}
"""


def title(family: str) -> str:
    """Read the title of a family from its `page.yaml`."""
    return yaml.safe_load((folder(family) / "page.yaml").read_text("utf-8"))["title"]


def allowed(row) -> str:
    """Format the values at which a claim holds: "at least 2", "at most 0.52" or "0.8 to 1.25"."""
    least, most = (number(bound) for bound in (row.at_least, row.at_most))
    if pd.isna(row.at_most):
        return f"at least {least}"
    return f"at most {most}" if pd.isna(row.at_least) else f"{least} to {most}"


def line(row) -> str:
    """Format a claim as a row of a Markdown table."""
    cells = [row.claim, row.source, allowed(row), row.finding, f"**{row.verdict}**"]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def render(claims: pd.DataFrame, table: str = "results/tables/claims.csv", root: str = "..") -> str:
    """Render the page as Markdown.

    Args:
        claims: Table of `failures.reporting.claims.tables.claims`.
        table: Its path, which the page names.
        root: Path of the project's folder, from the folder of the page.
    """
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True)
    environment.filters["line"] = line
    n_claims = claims["verdict"].value_counts()
    return environment.from_string(TEMPLATE).render(
        scale=claims["scale"].iloc[0],
        table=table,
        root=root,
        counts=", ".join(f"{verdict}: {n_claims[verdict]}" for verdict in VERDICTS if verdict in n_claims) + ".",
        families=[(title(name), list(rows.itertuples())) for name, rows in claims.groupby("family", sort=False)],
    )
