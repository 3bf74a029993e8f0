"""Wall time of the whole workflow against the number of cores.

Columns:
    part: `simulated` or `measured`, as listed below
    cores: number of cores; for `measured`, the largest number of threads in use at one time
    wall_s: wall time from the first start to the last end, in seconds
    bound_s: lower bound: total CPU time divided by the number of cores, or the wall time of the longest job if that is
        larger
    ratio: `wall_s` / `bound_s`

Parts:
    simulated: the jobs with their measured times, scheduled on this number of cores. Whenever cores are free, the job
        with the longest remaining chain of dependent jobs starts (list scheduling)
    measured: the run itself, without pauses of more than 60 s between jobs
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.reporting.costs.schedule import Job, bound, busy, cores_used, wall_time


def tabulate(inputs: dict[str, Any], cores: list[int]) -> pd.DataFrame:
    """Compute the wall time of all jobs on several numbers of cores.

    Args:
        inputs: `jobs`, the path of the table `costs`.
        cores: Numbers of cores to simulate, at least 1 each.

    Returns:
        The table that `Columns` describes.
    """
    table = pd.read_csv(inputs["jobs"], keep_default_na=False)
    jobs = {row.job: Job(row.wall_s, row.threads, tuple(row.needs.split())) for row in table.itertuples(index=False)}
    points = [("simulated", n, wall_time(jobs, n)) for n in cores]
    used = cores_used(table["start"], table["end"], table["threads"])
    points.append(("measured", used, busy(table["start"], table["end"])))
    scaling = pd.DataFrame(points, columns=["part", "cores", "wall_s"])
    scaling["bound_s"] = [bound(table["wall_s"], table["cpu_s"], n) for n in scaling["cores"]]
    scaling["ratio"] = scaling["wall_s"] / scaling["bound_s"]
    return scaling
