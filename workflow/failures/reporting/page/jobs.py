"""Jobs behind a figure, from the table of computing costs."""

from __future__ import annotations

import pandas as pd


def read_jobs(path: str) -> pd.DataFrame:
    """Read the table costs (`failures.reporting.costs.tables.costs`), indexed by job; `needs` is a list of jobs."""
    jobs = pd.read_csv(path, keep_default_na=False).set_index("job")
    return jobs.assign(needs=jobs["needs"].str.split())


def behind(jobs: pd.DataFrame, job: str) -> list[str]:
    """List a job and all its direct and indirect inputs, in the order of the table; empty for an unknown job."""
    needs, names = jobs["needs"], set()
    waiting = [job] if job in jobs.index else []
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += needs[name]
    return [name for name in jobs.index if name in names]


def rule_edges(jobs: pd.DataFrame) -> list[tuple[str, str]]:
    """List the sorted pairs of rules where a job of the second rule uses an output of the first."""
    rules = jobs["rule"]
    return sorted({(rules[need], row.rule) for row in jobs.itertuples() for need in row.needs})
