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
from collections.abc import Callable, Iterable, Sequence
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
ADVICE = "jobs of the earlier run may still be running; fix the cause, then run `make resume` again"


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


def _run(command: Sequence[str], here: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the scheduler in a folder; raises ResumeError if it cannot be started."""
    try:
        return subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ResumeError(f"{command[0]} cannot be run: {error.strerror}; {ADVICE}") from None


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """Return the messages of a command in one line; some schedulers write them to standard output."""
    return " ".join((done.stderr + done.stdout).split()) or "no message"


def _output(*command: str, here: Path | None = None) -> str:
    """Run a command and return its output; raises ResumeError if it fails."""
    done = _run(command, here)
    if done.returncode != 0:
        raise ResumeError(f"{command[0]} failed with exit code {done.returncode}: {_said(done)}; {ADVICE}")
    return done.stdout


def _cancel(command: Sequence[str], ids: list[str], left: Callable[[], list[str]], here: Path | None = None) -> None:
    """Cancel jobs, and wait until the scheduler reports that none is left.

    The exit code of the command does not count: it is also an error code if one of the jobs has just ended.

    Args:
        command: Command that cancels the jobs whose ids follow it.
        ids: Ids of the jobs.
        left: Returns the ids of the jobs that are still waiting or running.
        here: Working directory of the run.

    Raises:
        ResumeError: Some jobs are left after `WAIT` seconds.
    """
    if not ids:
        return
    message = _said(_run([*command, *ids], here))
    print(f"Cancelled {len(ids)} cluster jobs; waiting for their end.", flush=True)
    _wait(left, "cluster jobs", f" ({command[0]}: {message})")


def _wait(left: Callable[[], Iterable[object]], what: str, details: str = "") -> None:
    """Wait until no job or process is left.

    Args:
        left: Returns the ids of the jobs or processes that are left.
        what: Noun for them, for the error message.
        details: Text that follows their ids in the error message.

    Raises:
        ResumeError: Some are left after `WAIT` seconds.
    """
    until = time.monotonic() + WAIT
    while remaining := list(left()):
        if time.monotonic() > until:
            ids = ", ".join(map(str, remaining))
            raise ResumeError(
                f"{what} still running after {WAIT} s: {ids}{details}; end them, then run `make resume` again"
            )
        time.sleep(1)


def submitted(logs: Path) -> list[str]:
    """List the ids of the jobs that earlier runs have submitted by cluster-generic, from Snakemake's logs."""
    return _in_logs(logs, r"external jobid '([^']+)'")


def profile(command: list[str]) -> dict[str, Any]:
    """Read the settings of the profile that a Snakemake command names by --workflow-profile; empty without one."""
    file = Path(options(command).workflow_profile or "") / "profile.v9+.yaml"
    return yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {}


def end_submitted(here: Path, numbers: list[str], settings: dict[str, Any]) -> int:
    """Cancel the waiting and running jobs among those that were submitted by cluster-generic.

    Args:
        here: Working directory of the run.
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

    def running(jobs: list[str]) -> list[str]:
        return [job for job in jobs if _output(*status, job, here=here).strip() == "running"]

    ids = running(numbers)
    _cancel(cancel, ids, lambda: running(ids), here)
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
    _cancel(["scancel"], jobs, lambda: queued(names))
    others = end_submitted(here, submitted(here / ".snakemake/log"), settings or {})
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
