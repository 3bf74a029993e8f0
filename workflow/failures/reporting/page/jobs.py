"""Jobs behind a figure, from the table of computing costs."""

from __future__ import annotations

import pandas as pd


def read_jobs(path: str) -> pd.DataFrame:
    """Read the table costs (`failures.reporting.costs.tables.costs`), indexed by job; `needs` is a list of jobs."""
    jobs = pd.read_csv(path, keep_default_na=False).set_index("job")
    return jobs.assign(needs=jobs["needs"].str.split())


def behind(jobs: pd.DataFrame, job: str) -> list[str]:
    """List a job and all its direct and indirect inputs, in the order of the table; empty for an unknown job."""
    needs, found = jobs["needs"], set()
    waiting = [job] if job in jobs.index else []
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs[name]
    return [name for name in jobs.index if name in found]


def duration(seconds: float) -> str:
    """Format a duration: 0.4 s, 12 s, 3.5 min, 1.6 h."""
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
