"""Resume after Snakemake was killed: ``python -m failures.commands.resume SNAKEMAKE [OPTIONS] -- [TARGETS]``.

A killed Snakemake leaves its jobs running, on this machine or in Slurm's queue. A second run would start the same jobs
beside them. This command ends them, removes the lock and runs Snakemake; training resumes from the last checkpoint.
Jobs of the plugin cluster-generic are queried and cancelled with the commands of its profile.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from string import Template
from typing import Any

import psutil
import yaml

WAIT = 300  # seconds


class ResumeError(RuntimeError):
    """A run cannot be resumed safely; the message is one line."""


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
        elif _is_snakemake(command) and "--mode" not in command:
            leaders.append(process)
    return leaders, scripts


def _is_snakemake(command: list[str]) -> bool:
    """Return whether a command line is `snakemake ...` or `python -m snakemake ...`."""
    named = [Path(word).name == "snakemake" for word in command[:2]]
    return any(named) or command[1:3] == ["-m", "snakemake"]


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
    file = Path(_option(command, "--workflow-profile") or "") / "profile.v9+.yaml"
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
    leaders, _ = processes(here)
    if leaders:
        raise ResumeError(
            f"Snakemake is still running in {here} (process {leaders[0].pid}); "
            "wait until it ends, or stop it and run `make resume` again"
        )
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


def _option(command: list[str], name: str) -> str | None:
    """Return the value of an option, in the next word or after `=`; None without the option."""
    for word, following in itertools.pairwise([*command, ""]):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.removeprefix(f"{name}=")
    return None


def working_directory(command: list[str]) -> Path:
    """Return the working directory of a Snakemake command: the value of --directory, or the current one."""
    return Path(_option(command, "--directory") or "").resolve()


def _ended(process: psutil.Process) -> bool:
    """Return whether a process has ended."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def main(command: list[str]) -> int:
    """End the remaining jobs, remove the lock and run Snakemake. Returns its exit code."""
    try:
        ended = end_jobs(working_directory(command), profile(command))
    except ResumeError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Jobs of an earlier run ended: {ended}. Resuming from finished outputs and checkpoints.", flush=True)
    at = command.index("--") if "--" in command else len(command)
    subprocess.run([*command[:at], "--unlock", "--quiet", *command[at:]], check=False)
    return subprocess.run([*command[:at], "--rerun-incomplete", *command[at:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
