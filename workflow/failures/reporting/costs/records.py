"""What finished jobs took, from the records that end their logs (failures.runtime.jobs) and from their benchmarks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Kind of a job, by the folder of its outputs, logs and benchmarks; all others are analyses.
_KINDS = {"instances": "instances", "runs": "training", "tables": "table", "figures": "figure"}


def kind(job: str) -> str:
    """Kind of a job: training, analysis, instances, table or figure.

    job: its name, the path of its log in the folder of logs, without suffix.
    """
    return _KINDS.get(job.split("/")[0], "analysis")


def read_records(logs: str | Path, benchmarks: str | Path) -> dict[str, dict[str, Any]]:
    """Records of all jobs that have one, and a benchmark, by the jobs' names.

    A record has the keys of `failures.runtime.jobs`: rule, wildcards, input, output, threads, mem_mb, start and end (epoch
    seconds), cpu_s, loop_cpu_s (seconds), memory_mb; and from the benchmark wall_s (seconds). memory_mb is the
    larger of both measurements: Snakemake's is sampled and misses short peaks.
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
    """For each job the names of the jobs that make its inputs, sorted."""
    maker = {path: job for job, record in records.items() for path in record["output"]}
    return {job: sorted({maker[path] for path in record["input"] if path in maker}) for job, record in records.items()}


def behind(files: Iterable[str], records: dict[str, dict[str, Any]]) -> set[str]:
    """Names of the jobs that made these files, or anything that they were made from."""
    edges = needs(records)
    wanted = set(files)
    found: set[str] = set()
    waiting = [job for job, record in records.items() if wanted.intersection(record["output"])]
    while waiting:
        job = waiting.pop()
        if job not in found:
            found.add(job)
            waiting += edges[job]
    return found


def _last_record(log: Path) -> dict[str, Any] | None:
    """The record in a log: the last line that is one; libraries may write a line when the process ends."""
    for line in reversed(log.read_text(errors="replace").splitlines()):
        if line.startswith('{"rule": '):
            return json.loads(line)
    return None
