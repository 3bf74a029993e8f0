"""One row per job that contributes to the figures of the selected families, in the order of their start times.

Columns:
    rule: rule
    job: path of the job's log in `logs/`, without suffix
    kind: `training`, `analysis`, `instances`, `table` or `figure`
    wall_s: wall time in seconds, including the start of Python (Snakemake's benchmark)
    cpu_s: CPU time of the process in seconds, over all threads
    loop_cpu_s: part of `cpu_s` spent on training, analysis, computing a table or drawing; the remainder is imports and
        file access
    threads: number of cores of the job
    memory_mb, mem_mb: peak resident memory; requested memory (both in MB)
    memory: `ok`; `little`: the peak exceeds the request; `much`: the request exceeds 1.5 times the peak plus 300 MB
    start, end: times in seconds since 1970 at which the script starts (after Python has started) and ends
    needs: jobs that produced the inputs, separated by spaces
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from failures.reporting.costs.records import behind, kind, needs, read_records

# Largest request: this multiple of the peak memory, plus MB.
LARGEST_SHARE, LARGEST_EXTRA = 1.5, 300.0


def tabulate(inputs: dict[str, Any], logs: str, benchmarks: str) -> pd.DataFrame:
    """List the jobs behind some figures with their time and memory.

    Args:
        inputs: `figures`, the paths of the figures.
        logs: Folder of the jobs' logs.
        benchmarks: Folder of Snakemake's benchmarks.

    Returns:
        The table that `Columns` describes, sorted by start time.

    Raises:
        ValueError: If no job of these figures left a record.
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
    """Compare requested with peak memory.

    Args:
        measured: Peak memory in MB.
        requested: Requested memory in MB.

    Returns:
        `ok` if measured <= requested <= 1.5 measured + 300 MB, `little` if less was requested, and `much` if more was.
    """
    verdict = pd.Series("ok", index=measured.index)
    verdict[requested > LARGEST_SHARE * measured + LARGEST_EXTRA] = "much"
    verdict[measured > requested] = "little"
    return verdict
