"""Report finished and remaining jobs and the remaining time (`make status`).

``python -m failures.commands.status SNAKEMAKE [ARGUMENTS]`` prints a summary and one line per rule.
"""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pandas as pd

from failures.artifacts.formats import duration
from failures.commands.interrupted import working_directory
from failures.commands.snakemake_output import output
from failures.runtime import snakemake_runs

_OUTPUTS = ("instances", "runs", "gradients", "decoded", "predictions", "tables", "figures")
# The last words of a progress line (failures.runtime.jobs.Progress).
_LEFT = re.compile(r"([\d.]+) s left$")


def main() -> None:
    """Read the state of every output from Snakemake, and print a summary and one line per rule."""
    program, *arguments = sys.argv[1:]
    answer = output([program, "--summary", "--nolock", "--quiet", "all", *arguments])
    rows = [line for line in answer.splitlines() if line.count("\t") > 1]
    summary = pd.read_csv(io.StringIO("\n".join(rows)), sep="\t")
    results = str(_root(Path(summary["output_file"].iloc[0])))
    print(render(jobs(summary), activity(working_directory(sys.argv[1:]), results)))


def activity(here: Path, results: str) -> str:
    """Return whether Snakemake runs or was interrupted, as words that follow the number of jobs; empty for neither.

    Args:
        here: Working directory of Snakemake.
        results: Folder of the results.
    """
    runs = {path: run for path, run in snakemake_runs.read(here).items() if run.results == results}
    active = [run for path, run in runs.items() if snakemake_runs.is_active(path)]
    if active:
        return f" (running: process {active[0].process} on {active[0].host})"
    return " (interrupted: `make resume` continues)" if runs else ""


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


def render(table: pd.DataFrame, state: str = "") -> str:
    """Render the jobs as text: a summary, one line per rule, and the total.

    Args:
        table: Table of `jobs`.
        state: Words on the state of the run, for the summary.
    """
    done, pending = _counts(table)
    summary = f"{done} of {done + pending} jobs finished"
    if pending:
        summary += f", {pending} remaining{state}; {_outlook(table)}"
    lines = [f"{summary}.", "", f"{'rule':<32}{'done':>6}{'pending':>9}   time left on one core"]
    for rule, rows in [*table.groupby("rule"), ("total", table)]:
        done, pending = _counts(rows)
        lines.append(f"{rule:<32}{done:>6}{pending:>9}   {_remaining(rows)}".rstrip())
    return "\n".join(lines)


def _counts(rows: pd.DataFrame) -> tuple[int, int]:
    """Return the numbers of finished and remaining jobs."""
    return int(rows["done"].sum()), int((~rows["done"]).sum())


def _outlook(table: pd.DataFrame) -> str:
    """Describe the time that remains. Without the times of all jobs there is only a lower bound, or nothing."""
    seconds = table.loc[~table["done"], "seconds"]
    unknown = int(seconds.isna().sum())
    if unknown == len(seconds):
        return "no estimate of the time left before the first of them have finished"
    if unknown:
        return f"more than {duration(seconds.sum())} left on one core: {unknown} of them have no estimate yet"
    return f"about {duration(seconds.sum())} left on one core"


def _remaining(rows: pd.DataFrame) -> str:
    """Format the remaining time of a rule; empty without remaining jobs, `?` without an estimate."""
    seconds = rows.loc[~rows["done"], "seconds"]
    if seconds.empty:
        return ""
    if seconds.isna().all():
        return "?"
    return ("> " if seconds.isna().any() else "") + duration(seconds.sum())


def _job(output: str) -> str:
    """Return the name of the job that makes an output: its path without suffix; for runs, their folder."""
    path = Path(output)
    return str(path.parent if "runs" in path.parts else path.with_suffix(""))


def _beside(job: str, folder: str, suffix: str) -> Path:
    """Return the path of a file of a job in results/logs or results/benchmarks, which mirror the outputs."""
    path = Path(job)
    root = _root(path)
    return root / folder / path.parent.relative_to(root) / (path.name + suffix)


def _root(path: Path) -> Path:
    """Return the results folder of an output."""
    return next(parent.parent for parent in reversed(path.parents) if parent.name in _OUTPUTS)


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
