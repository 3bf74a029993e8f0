"""Report finished and remaining jobs and the remaining time (`make status`).

``python -m failures.commands.status SNAKEMAKE [ARGUMENTS]`` prints one line per rule.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from failures.artifacts.formats import duration

_OUTPUTS = ("instances", "runs", "gradients", "decoded", "predictions", "tables", "figures")
# The last words of a progress line (failures.runtime.jobs.Progress).
_LEFT = re.compile(r"([\d.]+) s left$")


def main() -> None:
    """Read the state of every output from Snakemake, and print one line per rule."""
    snakemake, *arguments = sys.argv[1:]
    command = [snakemake, "--summary", "--nolock", "--quiet", "all", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(answer.stderr.strip().splitlines()[-1])
    print(render(jobs(pd.read_csv(io.StringIO(answer.stdout), sep="\t"))))


def jobs(summary: pd.DataFrame) -> pd.DataFrame:
    """Summarise the jobs.

    Args:
        summary: Snakemake's summary of output files.

    Returns:
        One row per job, with columns rule, done and seconds (remaining). The remaining time of an unfinished job is
        that of its progress line, that of its last run, or the median of the finished jobs of its rule; NaN without
        these.
    """
    summary = summary.assign(job=summary["output_file"].map(_job))
    table = summary.groupby(["rule", "job"], as_index=False).agg(
        done=("plan", lambda plan: (plan == "no update").all())
    )
    table["took"] = pd.Series([_took(job) for job in table["job"]], index=table.index, dtype=float)
    left = pd.Series([_left(job) for job in table["job"]], index=table.index, dtype=float)
    typical = table.groupby("rule")["took"].transform("median")
    table["seconds"] = left.fillna(table["took"]).fillna(typical)
    table.loc[table["done"], "seconds"] = 0.0
    return table[["rule", "done", "seconds"]]


def render(table: pd.DataFrame) -> str:
    """Render the jobs as text: one line per rule, and the total."""
    lines = [f"{'rule':<24}{'done':>8}{'pending':>8}   time left on one core"]
    for rule, rows in table.groupby("rule"):
        lines.append(f"{rule:<24}{rows['done'].sum():>8}{(~rows['done']).sum():>8}   {_remaining(rows['seconds'])}")
    lines.append(f"{'total':<24}{table['done'].sum():>8}{(~table['done']).sum():>8}   {_remaining(table['seconds'])}")
    return "\n".join(lines)


def _remaining(seconds: pd.Series) -> str:
    """Format the sum of the known times, and count the unknown ones."""
    unknown = int(seconds.isna().sum())
    return duration(seconds.sum()) + (f" (excludes jobs of unknown duration: {unknown})" if unknown else "")


def _job(output: str) -> str:
    """Return the name of the job that makes an output: its path without suffix; for runs, their folder."""
    path = Path(output)
    return str(path.parent if "runs" in path.parts else path.with_suffix(""))


def _beside(job: str, folder: str, suffix: str) -> Path:
    """Return the path of a file of a job in results/logs or results/benchmarks, which mirror the outputs."""
    parts = Path(job).parts
    root = next(index for index, part in enumerate(parts) if part in _OUTPUTS)
    return Path(*parts[:root], folder, *parts[root:-1], parts[-1] + suffix)


def _took(job: str) -> float | None:
    """Return the seconds that the last run of a job took, from its benchmark."""
    path = _beside(job, "benchmarks", ".jsonl")
    return json.loads(path.read_text("utf-8").splitlines()[-1])["s"] if path.is_file() else None


def _left(job: str) -> float | None:
    """Return the remaining seconds of a running job, if the last line of its log is a progress line."""
    path = _beside(job, "logs", ".log")
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    match = _LEFT.search(lines[-1]) if lines else None
    return float(match[1]) if match else None


if __name__ == "__main__":
    main()
