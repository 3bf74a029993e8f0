"""Show which jobs a run would start, and why, on one screen (`make plan`).

``python -m failures.commands.plan SNAKEMAKE [ARGUMENTS]`` summarises a dry run, in which Snakemake prints ten lines per
job.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from failures.commands.snakemake_output import output

WIDTH = 100
# Snakemake's reasons that are causes, in words. A job for which none applies follows from a job above it.
CAUSES = {
    "Forced execution": "forced by an option",
    "Params have changed since last execution": "changed: {}",
    "Set of input files has changed since last execution": "changed: list of inputs",
    "Updated input files": "an input is newer",
    "Software environment definition has changed since last execution": "changed: software environment",
    "Incomplete output files": "was interrupted",
    "Missing output files": "no output yet",
}
FOLLOWS = "follows from other jobs"
# Rules per figure are shown in one row per reason.
FIGURES = ("tables", "figures")
_JOB = re.compile(r"^ *(?:local)?(?:rule|checkpoint) (\w+):\n((?: +\S.*\n)+)", re.M)
_VERSIONS = re.compile(r"\{'(?:tensorflow|keras|numpy)': [^}]*\}")
_CODE = re.compile(r"'[0-9a-f]{12}'")


class Job(NamedTuple):
    """A job of a plan: its rule, the folder of its output, and why it would run."""

    rule: str
    kind: str
    reason: str


def main(command: list[str]) -> None:
    """Print the plan of a Snakemake command."""
    program, *arguments = command
    print(render(list(jobs(output([program, "--dry-run", *arguments])))))


def jobs(text: str) -> Iterator[Job]:
    """Yield the jobs of a dry run; rules that only collect files are left out.

    Args:
        text: What Snakemake wrote.
    """
    for rule, block in _JOB.findall(text):
        fields = dict(re.findall(r"^ +(\w+): (.*)$", block, re.M))
        if "output" in fields:
            folder = Path(fields["output"].split(", ")[0]).parent.name
            yield Job(rule, folder if folder in FIGURES else rule, reason(fields.get("reason", "")))


def reason(text: str) -> str:
    """Return the causes of a job in words.

    Args:
        text: The reasons as Snakemake prints them.
    """
    causes = [words for start, words in CAUSES.items() if re.search(rf"(?:^|; ){start}", text)]
    return ", ".join(causes).format(_changed(text)) or FOLLOWS


def _changed(text: str) -> str:
    """Return which of code, settings and versions changed; Snakemake prints values without their names."""
    _, _, values = text.partition("Params have changed since last execution: ")
    rest = _VERSIONS.sub("", values)
    parts = {"code": _CODE.search(rest), "settings": "{" in rest, "versions of packages": _VERSIONS.search(values)}
    return ", ".join(name for name, changed in parts.items() if changed) or "parameters"


def render(plan: list[Job]) -> str:
    """Render a plan as text: a summary, then one row per rule and reason, in the order of the workflow.

    Args:
        plan: All jobs.
    """
    if not plan:
        return "Nothing to run: all results are up to date."
    table = pd.DataFrame(plan)
    names = table.groupby(["kind", "reason"], sort=False)["rule"].agg(["size", lambda rules: sorted(set(rules))])
    names.columns = ["count", "rules"]
    order = sorted(names.itertuples(), key=lambda row: FIGURES.index(row.Index[0]) if row.Index[0] in FIGURES else -1)
    width = max(len(kind) for kind in table["kind"])
    lines = [f"{len(plan)} jobs would run.", "", f"{'jobs':>5}  {'rule':<{width}}  reason"]
    for row in order:
        kind, why = row.Index
        lines.append(f"{row.count:>5}  {kind:<{width}}  {why}")
        if kind in FIGURES:
            shown = ", ".join(name.removesuffix("_table") for name in row.rules)
            lines += textwrap.wrap(shown, WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 9, max_lines=4)
    return "\n".join([*lines, "", "`snakemake -n` prints every job with its files, parameters and reason."])


if __name__ == "__main__":
    main(sys.argv[1:])
