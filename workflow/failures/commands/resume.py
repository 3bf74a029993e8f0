"""Resume after Snakemake was killed: ``python -m failures.commands.resume SNAKEMAKE [OPTIONS] -- [TARGETS]``.

A killed Snakemake leaves its jobs running, on this machine or in Slurm's queue. A second run would start the same jobs
beside them. This command ends them, removes the lock and runs Snakemake; training resumes from the last checkpoint.
Without options it repeats the command of the interrupted run (`failures.commands.interrupted`).
Jobs of the plugin cluster-generic are queried and cancelled with the commands of its profile.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import chdir, suppress
from itertools import pairwise
from pathlib import Path
from string import Template
from typing import Any

import psutil
import yaml

from failures.commands.interrupted import (
    ResumeError,
    Resumption,
    options,
    resumptions,
    still_running,
    working_directory,
)
from failures.runtime.snakemake_runs import remove

WAIT = 300  # seconds


def processes(here: Path) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """List the processes of this machine that work in a folder.

    Args:
        here: Working directory.

    Returns:
        Snakemake processes that lead a run, and scripts of jobs. The Snakemake process of a cluster job does not lead a
        run and is left out.
    """
    leaders, scripts = [], []
    for process in psutil.process_iter():
        try:
            command, folder = process.cmdline(), process.cwd()
        except psutil.Error:
            continue
        if process.pid == psutil.Process().pid or Path(folder) != here:
            continue
        if any(".snakemake/scripts/" in word for word in command):
            scripts.append(process)
        elif "--mode" not in command and (_is_snakemake(command) or _logs(process, here)):
            leaders.append(process)
    return leaders, scripts


def _is_snakemake(command: list[str]) -> bool:
    """Return whether a command line is `snakemake ...` or `python ... -m snakemake ...`."""
    named = [Path(word).name == "snakemake" for word in command[:2]]
    return any(named) or ("-m", "snakemake") in pairwise(command)


def _logs(process: psutil.Process, here: Path) -> bool:
    """Return whether a process has a log of Snakemake open; a run keeps it open, whatever program started it."""
    try:
        files = [Path(file.path) for file in process.open_files()]
    except psutil.Error:
        return False
    return any(file.parent == here / ".snakemake/log" for file in files)


def _in_logs(logs: Path, pattern: str) -> list[str]:
    """List the distinct matches of a pattern in the logs of earlier runs, in order."""
    texts = (log.read_text(errors="replace") for log in sorted(logs.glob("*.log")))
    return list(dict.fromkeys(match for text in texts for match in re.findall(pattern, text)))


def run_ids(logs: Path) -> set[str]:
    """Return the names of the jobs of earlier runs in Slurm, from Snakemake's logs."""
    return set(_in_logs(logs, r"SLURM run ID: (\S+)"))


def queued(names: set[str]) -> list[str]:
    """List the ids of the jobs in Slurm's queue that have one of these names."""
    rows = _output("squeue", "--noheader", "--me", "--format=%i %j").splitlines()
    return [number for number, name in map(str.split, rows) if name in names]


def _output(*command: str) -> str:
    """Run a command and return its output; raises ResumeError if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = " ".join(done.stderr.split()) or "no error message"
        raise ResumeError(
            f"{command[0]} failed with exit code {done.returncode}: {reason}; "
            "jobs of the earlier run may still be running; fix the cause, then run `make resume` again"
        )
    return done.stdout


def _wait(left: Callable[[], Iterable[object]], what: str) -> None:
    """Wait until no job or process is left.

    Raises:
        ResumeError: Some are left after `WAIT` seconds.
    """
    until = time.monotonic() + WAIT
    while remaining := list(left()):
        if time.monotonic() > until:
            ids = ", ".join(map(str, remaining))
            raise ResumeError(f"{what} still running after {WAIT} s: {ids}; end them, then run `make resume` again")
        time.sleep(1)


def submitted(logs: Path) -> list[str]:
    """List the ids of the jobs that earlier runs have submitted by cluster-generic, from Snakemake's logs."""
    return _in_logs(logs, r"external jobid '([^']+)'")


def profile(command: list[str]) -> dict[str, Any]:
    """Read the settings of the profile that a Snakemake command names by --workflow-profile; empty without one."""
    file = Path(options(command).workflow_profile or "") / "profile.v9+.yaml"
    return yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {}


def end_submitted(numbers: list[str], settings: dict[str, Any]) -> int:
    """Cancel the running jobs among those that were submitted by cluster-generic.

    Args:
        numbers: Ids of the jobs.
        settings: Settings of the profile, with the commands for status and cancellation.

    Returns:
        Number of cancelled jobs.
    """
    environment = {"FAILURES_ROOT": str(Path(__file__).parents[3])} | os.environ
    status, cancel = (
        [Template(word).safe_substitute(environment) for word in shlex.split(settings.get(key, ""))]
        for key in ("cluster-generic-status-cmd", "cluster-generic-cancel-cmd")
    )
    if not (numbers and status and cancel):
        return 0

    def running() -> list[str]:
        return [number for number in numbers if _output(*status, number).strip() == "running"]

    ids = running()
    if ids:
        _output(*cancel, *ids)
        _wait(running, "cluster jobs")
    return len(ids)


def check_ended(here: Path) -> None:
    """Check that no run of Snakemake works in a folder; raises ResumeError if one does."""
    leaders, _ = processes(here)
    if leaders:
        raise ResumeError(still_running(here, leaders[0].pid))


def end_jobs(here: Path, settings: dict[str, Any] | None = None) -> int:
    """End all jobs that an earlier run in this folder left behind.

    Args:
        here: Working directory of the run.
        settings: Settings of the profile, for jobs of cluster-generic.

    Returns:
        Number of ended jobs.

    Raises:
        ResumeError: Snakemake is still running, or a job does not end.
    """
    check_ended(here)
    names = run_ids(here / ".snakemake/log")
    jobs = queued(names) if names and shutil.which("squeue") else []
    if jobs:
        _output("scancel", *jobs)
        _wait(lambda: queued(names), "Slurm jobs")
    others = end_submitted(submitted(here / ".snakemake/log"), settings or {})
    _, scripts = processes(here)
    for script in scripts:
        with suppress(psutil.NoSuchProcess):
            script.kill()
    _wait(lambda: [script.pid for script in scripts if not _ended(script)], "local job processes")
    return len(jobs) + others + len(scripts)


def _ended(process: psutil.Process) -> bool:
    """Return whether a process has ended."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def main(command: list[str]) -> int:
    """End the remaining jobs, remove the lock and run Snakemake. Returns its exit code."""
    try:
        check_ended(working_directory(command))
        ended, runs = 0, list(resumptions(command))
        for run in runs:
            with chdir(run.folder):
                ended += end_jobs(working_directory(run.command), profile(run.command))
    except ResumeError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Jobs of an earlier run ended: {ended}. Resuming from finished outputs and checkpoints.", flush=True)
    return max(_resume(run) for run in runs)


def _resume(run: Resumption) -> int:
    """Remove the lock and run Snakemake. Returns its exit code."""
    print(shlex.join(run.command), flush=True)
    at = run.command.index("--") if "--" in run.command else len(run.command)
    words, targets = run.command[:at], run.command[at:]
    subprocess.run([*words, "--unlock", "--quiet", "all", *targets], cwd=run.folder, check=False)
    code = subprocess.run([*words, "--rerun-incomplete", *targets], cwd=run.folder, check=False).returncode
    if code == 0:
        for record in run.records:
            remove(record)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
