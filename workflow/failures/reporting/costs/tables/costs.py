"""Table costs: one row a job, with what it took and what it waited for."""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.reporting.costs.records import behind, kind, needs, read_records

# What may be asked for beyond what is needed: a share of it, and MB.
LARGEST_SHARE, LARGEST_EXTRA = 1.5, 300.0


def tabulate(inputs: dict[str, Any], logs: str, benchmarks: str) -> pd.DataFrame:
    """What every job behind some figures took.

    inputs: `figures`, the figures' files. logs, benchmarks: folders of the jobs' logs and benchmarks.
    Returns one row a job in the order of their starts: rule, job (name), kind, wall_s, cpu_s, loop_cpu_s (seconds),
    threads, memory_mb (peak), mem_mb (asked for), memory (see `judge`), start, end (epoch seconds), needs (names of
    the jobs that made its inputs, with spaces between them).
    Raises ValueError if the jobs left no records.
    """
    records = read_records(logs, benchmarks)
    wanted = behind(inputs["figures"], records)
    if not wanted:
        raise ValueError(f"{logs}: no job record for the requested figures; run their jobs again with --forceall")
    edges = needs(records)
    columns = ["rule", "wall_s", "cpu_s", "loop_cpu_s", "threads", "memory_mb", "mem_mb", "start", "end"]
    rows = [
        {"job": job, "kind": kind(job), "needs": " ".join(edges[job])} | {key: records[job][key] for key in columns}
        for job in sorted(wanted, key=lambda job: (records[job]["start"], job))
    ]
    table = pd.DataFrame(rows)
    table["memory"] = judge(table["memory_mb"], table["mem_mb"])
    return table[["rule", "job", "kind", *columns[1:7], "memory", "start", "end", "needs"]]


def judge(measured: pd.Series, requested: pd.Series) -> pd.Series:
    """`ok`, `little` or `much`: whether measured <= requested <= 1.5 measured + 300 MB.

    `little`: the job took more than was asked for; `much`: more was asked for than it takes and a margin.
    """
    verdict = pd.Series("ok", index=measured.index)
    verdict[requested > LARGEST_SHARE * measured + LARGEST_EXTRA] = "much"
    verdict[measured > requested] = "little"
    return verdict
