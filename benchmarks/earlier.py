"""Comparison with an earlier build of this project: both take turns, on the same machine, in the same environment.

`make bench BENCH="--only earlier --commit COMMIT"` extracts the commit into a temporary folder.
"""

from __future__ import annotations

import compileall
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import signal
from benchmarks.rows import Row
from benchmarks.training import running
from failures.reporting.costs.records import kind, read_records

# Figures whose training jobs are short at the preview's scale.
SHORT = ("fig1", "step_learners")
SCALE = "preview"


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Extract a commit of this repository into a temporary folder, which exists until the end of the block.

    Raises:
        SystemExit: There is no such commit.
    """
    done = subprocess.run(["git", "archive", f"{commit}^{{commit}}"], capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"--commit '{commit}' must be a commit of this repository: {done.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory() as name:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(name, filter="data")
        # As in an environment that is set up; otherwise each process would compile the modules again.
        compileall.compile_dir(name, quiet=2)
        yield Path(name)


def measure(commit: str, config: dict[str, Any], rows: list[Row], rounds: int, seconds: float) -> dict[str, Any]:
    """Measure this build and an earlier one.

    Args:
        commit: Commit of the earlier build.
        config: Validated configuration.
        rows: Rows of training to compare.
        rounds: Repetitions of each measurement of training and of jobs.
        seconds: Minimum length of one measurement of training.

    Returns:
        commit; rates (steps per second), by row; signal (CPU seconds per set of initial weights); jobs (CPU seconds of
        a short training job outside of its steps). Each holds a list of rounds for `now` and for `earlier`.
    """
    with checkout(commit) as earlier:
        builds = {"now": Path.cwd(), "earlier": earlier}
        return {
            "commit": commit,
            "rates": {row.name: _rates(row, builds, rounds, seconds) for row in rows},
            "signal": {name: [signal.measure(config["lines"], build)["cpu"]] for name, build in builds.items()},
            "jobs": _jobs(builds, rounds),
        }


def _rates(row: Row, builds: dict[str, Path], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Train a row with the engines of the builds, which take turns."""
    rates: dict[str, list[float]] = {name: [] for name in builds}
    with running(row, [("engine", build) for build in builds.values()]) as engines:
        for _ in range(rounds):
            for name, engine in zip(builds, engines, strict=True):
                rates[name].append(engine.measure(seconds))
    shown = ", ".join(f"{name} {max(values):,.0f}" for name, values in rates.items())
    print(f"  {row.name}: {shown} (steps per second, best round)", file=sys.stderr)
    return rates


def _jobs(builds: dict[str, Path], rounds: int) -> dict[str, list[float]]:
    """Run the figures `SHORT` with each build and return the overhead of a training job, the mean over the jobs."""
    overheads: dict[str, list[float]] = {name: [] for name in builds}
    for _ in range(rounds):
        for name, build in builds.items():
            with tempfile.TemporaryDirectory() as folder:
                options = ["--cores", "1", "--directory", folder, "--config", f"scale={SCALE}"]
                command = [sys.executable, "-m", "snakemake", *options, "--", *SHORT]
                done = subprocess.run(command, cwd=build, capture_output=True, text=True, check=False)
                if done.returncode:
                    sys.exit(f"`{' '.join(command[1:])}` failed in build {name}:\n{done.stderr}")
                overheads[name].append(overhead(Path(folder, "results", SCALE)))
    return overheads


def overhead(results: Path) -> float:
    """Return the mean CPU time of the training jobs in a results folder outside of their steps, in seconds."""
    records = read_records(results / "logs", results / "benchmarks")
    seconds = [record["cpu_s"] - record["loop_cpu_s"] for job, record in records.items() if kind(job) == "training"]
    return sum(seconds) / len(seconds)
