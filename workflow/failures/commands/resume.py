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
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from string import Template
from typing import Any

import psutil
import yaml

WAIT = 300  # seconds
ADVICE = "jobs of the earlier run may still be running; fix the cause, then run `make resume` again"


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
    file = Path(_option(command, "--workflow-profile") or "") / "profile.v9+.yaml"
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
    _cancel(["scancel"], jobs, lambda: queued(names))
    others = end_submitted(here, submitted(here / ".snakemake/log"), settings or {})
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
