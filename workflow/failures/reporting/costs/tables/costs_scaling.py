"""Table costs_scaling: wall time against cores, simulated from the jobs' times, and as it was."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.reporting.costs.schedule import Job, bound, busy, cores_used, wall_time


def tabulate(inputs: dict[str, Any], cores: list[int]) -> pd.DataFrame:
    """Wall time of all jobs on some numbers of cores.

    inputs: `jobs`, the table costs. cores: those to simulate.
    Returns one row a point: part (`simulated`: list scheduling of the jobs with their measured times, longest
    remaining chain first; `measured`: the run itself, without idle gaps, on the most cores that it used at once),
    cores, wall_s, bound_s (all CPU time over cores, or the longest job) and ratio (wall_s / bound_s).
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
