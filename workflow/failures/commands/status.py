"""What is done, what remains and how long it will take: ``python -m failures.commands.status SNAKEMAKE [ARGUMENTS]``."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

_OUTPUTS = ("instances", "runs", "gradients", "decoded", "predictions", "tables", "figures")
# The last words of a progress line (failures.runtime.jobs.Progress).
_LEFT = re.compile(r"([\d.]+) s left$")


def main() -> None:
    """Ask Snakemake for the state of every output, and print one line a rule."""
    snakemake, *arguments = sys.argv[1:]
    command = [snakemake, "--summary", "--nolock", "--quiet", "all", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(answer.stderr.strip().splitlines()[-1])
    print(render(jobs(pd.read_csv(io.StringIO(answer.stdout), sep="\t"))))


def jobs(summary: pd.DataFrame) -> pd.DataFrame:
    """One row a job from Snakemake's summary of output files: rule, done, seconds.

    seconds: time left of a job that is not done, from its own earlier run, its progress if it runs now,
    or else the median of its rule's finished jobs; NaN if there is none.
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
    """The jobs as text: one line a rule, and the sum."""
    lines = [f"{'rule':<24}{'done':>8}{'pending':>8}   time left on one core (h:mm:ss)"]
    for rule, rows in table.groupby("rule"):
        lines.append(f"{rule:<24}{rows['done'].sum():>8}{(~rows['done']).sum():>8}   {_duration(rows['seconds'])}")
    lines.append(f"{'total':<24}{table['done'].sum():>8}{(~table['done']).sum():>8}   {_duration(table['seconds'])}")
    return "\n".join(lines)


def _duration(seconds: pd.Series) -> str:
    unknown = int(seconds.isna().sum())
    total = round(seconds.sum())
    text = f"{total // 3600}:{total // 60 % 60:02}:{total % 60:02}"
    return text if not unknown else f"{text} (excludes jobs of unknown duration: {unknown})"


def _job(output: str) -> str:
    """Name of the job that makes an output: its path without suffix, for runs their folder."""
    path = Path(output)
    return str(path.parent if "runs" in path.parts else path.with_suffix(""))


def _beside(job: str, folder: str, suffix: str) -> Path:
    """File of a job in results/logs or results/benchmarks, which mirror the outputs."""
    parts = Path(job).parts
    root = next(index for index, part in enumerate(parts) if part in _OUTPUTS)
    return Path(*parts[:root], folder, *parts[root:-1], parts[-1] + suffix)


def _took(job: str) -> float | None:
    """Seconds that the job last took, from its benchmark."""
    path = _beside(job, "benchmarks", ".jsonl")
    return json.loads(path.read_text("utf-8").splitlines()[-1])["s"] if path.is_file() else None


def _left(job: str) -> float | None:
    """Seconds left of a job that runs, if the last line of its log is a progress line."""
    path = _beside(job, "logs", ".log")
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    match = _LEFT.search(lines[-1]) if lines else None
    return float(match[1]) if match else None


if __name__ == "__main__":
    main()
