"""What the table of costs tells of the jobs behind a figure."""

from __future__ import annotations

import pandas as pd


def read_jobs(path: str) -> pd.DataFrame:
    """The table costs (`failures.costs.tables.costs`) by the jobs' names; `needs` is a list of names."""
    jobs = pd.read_csv(path, keep_default_na=False).set_index("job")
    return jobs.assign(needs=jobs["needs"].str.split())


def behind(jobs: pd.DataFrame, job: str) -> list[str]:
    """This job and all that made anything it was made from, in the order of the table; none for an unknown job."""
    needs, found = jobs["needs"], set()
    waiting = [job] if job in jobs.index else []
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs[name]
    return [name for name in jobs.index if name in found]


def duration(seconds: float) -> str:
    """A time as one would say it: 0.4 s, 12 s, 3.5 min, 1.6 h."""
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
