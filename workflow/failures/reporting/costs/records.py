"""Resources of finished jobs, from the records in their logs (`failures.runtime.jobs`) and from their benchmarks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Kind of a job by the folder of its outputs, logs and benchmarks; jobs in other folders are analyses.
_KINDS = {"instances": "instances", "runs": "training", "tables": "table", "figures": "figure"}


def kind(job: str) -> str:
    """Return the kind of a job: training, analysis, instances, table or figure.

    Args:
        job: Name of the job: the path of its log in the folder of logs, without suffix.
    """
    return _KINDS.get(job.split("/")[0], "analysis")


def read_records(logs: str | Path, benchmarks: str | Path) -> dict[str, dict[str, Any]]:
    """Read the records of all jobs that have both a record and a benchmark.

    Args:
        logs: Folder of the logs.
        benchmarks: Folder of the benchmarks.

    Returns:
        By name of the job, the keys of `failures.runtime.jobs`: rule, wildcards, input, output, threads, mem_mb, start
        and end (epoch seconds), cpu_s, loop_cpu_s (seconds) and memory_mb; and wall_s (seconds) from the benchmark.
        memory_mb is the larger of both measurements: Snakemake samples it and misses short peaks.
    """
    records = {}
    for log in sorted(Path(logs).rglob("*.log")):
        job = log.relative_to(logs).with_suffix("").as_posix()
        benchmark = Path(benchmarks, f"{job}.jsonl")
        record = _last_record(log)
        if record is None or not benchmark.is_file():
            continue
        measured = json.loads(benchmark.read_text("utf-8").splitlines()[-1])
        sampled = measured["max_rss"]
        memory = max(record["memory_mb"], sampled if isinstance(sampled, int | float) else 0.0)
        records[job] = record | {"wall_s": measured["s"], "memory_mb": memory}
    return records


def needs(records: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """List the jobs that each job depends on, sorted by name: those whose outputs it uses."""
    maker = {path: job for job, record in records.items() for path in record["output"]}
    return {job: sorted({maker[path] for path in record["input"] if path in maker}) for job, record in records.items()}


def behind(files: Iterable[str], records: dict[str, dict[str, Any]]) -> set[str]:
    """Return the names of the jobs that make these files, and of all jobs that those depend on."""
    edges = needs(records)
    wanted = set(files)
    names: set[str] = set()
    waiting = [job for job, record in records.items() if wanted.intersection(record["output"])]
    while waiting:
        job = waiting.pop()
        if job not in names:
            names.add(job)
            waiting += edges[job]
    return names


def _last_record(log: Path) -> dict[str, Any] | None:
    """Return the last record in a log, or None; libraries may print a line after it when the process ends."""
    for line in reversed(log.read_text(errors="replace").splitlines()):
        if line.startswith('{"rule": '):
            return json.loads(line)
    return None
