"""Records of the runs of Snakemake in a folder: how each was started, whether it is active or was interrupted.

A run writes its record when its first job starts, and holds a lock on it until its process ends, however it was started
and on whatever host. It removes the record when it succeeds. A record without a lock is that of an interrupted run.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from failures.runtime.files import atomic
from failures.runtime.terminal import Messages

FOLDER = Path(".snakemake/failures")
# Files of the runs of this process; closing a file releases its lock.
_held: dict[Path, IO[str]] = {}


@dataclass(frozen=True)
class Run:
    """A run that has not succeeded.

    Attributes:
        options: Snakemake's options and targets, as words of a command line.
        folder: Folder in which they were given.
        results: Folder of the results, which identifies scale and variant.
        host: Name of the host of the process.
        process: ID of the process.
    """

    options: tuple[str, ...]
    folder: str
    results: str
    host: str
    process: int


def begin(workflow: Any, results: str) -> None:
    """Record a run of Snakemake. Replaces the records of interrupted runs with the same results folder.

    Args:
        workflow: Snakemake's object `workflow`, in its working directory.
        results: Folder of the results.
    """
    for path, run in read(Path()).items():
        if run.results == results and not is_active(path):
            remove(path)
    path = FOLDER.resolve() / f"{platform.node()}-{os.getpid()}.json"
    run = Run(_options(workflow, path), workflow.rundir, results, platform.node(), os.getpid())
    with atomic(path) as private:
        private.write_text(json.dumps(asdict(run)), "utf-8")
    _held[path] = path.open("r+")
    try:
        fcntl.lockf(_held[path], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # a file system without locks
        return


def watch(workflow: Any) -> None:
    """Prepare the process of a run: output that nobody reads is no error, and a lock that stops the run is explained.

    Args:
        workflow: Snakemake's object `workflow`, in its working directory.
    """
    for handler in workflow.logger_manager.logger.handlers:
        if type(handler).__name__ == "ColorizingTextHandler":
            handler.setStream(Messages(handler.stream))
    if workflow.is_main_process and not workflow.output_settings.dryrun:
        atexit.register(_explain_lock, Path.cwd())


def _explain_lock(here: Path) -> None:
    """Advise `make resume` if a run that has ended left its lock."""
    if any((here / ".snakemake/locks").glob("*.lock")) and not any(map(is_active, read(here))):
        Messages(sys.stderr).write(
            f"An earlier run in {here} was interrupted, and its jobs may still run: `make resume` ends them, "
            "removes the lock and continues the run.\n"
        )


def end() -> None:
    """Remove the record of the run of this process in the working directory."""
    for path in [path for path in _held if path.parent == FOLDER.resolve()]:
        remove(path)
        _held.pop(path).close()


def _options(workflow: Any, record: Path) -> tuple[str, ...]:
    """Return the options of the command line, or those that say the same where another program started Snakemake.

    Args:
        workflow: Snakemake's object `workflow`.
        record: Path of the record. A configuration that has no words is written beside it, as an overlay.
    """
    program = Path(sys.argv[0])
    if program.name == "snakemake" or program.parts[-2:] == ("snakemake", "__main__.py"):
        return tuple(sys.argv[1:])
    settings = workflow.config_settings
    options = ["--snakefile", str(workflow.main_snakefile), "--directory", os.getcwd()]
    options += ["--cores", str(workflow.resource_settings.cores or "all")]
    overlays = [str(Path(workflow.rundir, file)) for file in settings.configfiles]
    if settings.config and not settings.config_args:
        with atomic(_overlay(record)) as private:
            private.write_text(json.dumps(settings.config), "utf-8")
        overlays.append(str(_overlay(record)))
    if overlays:
        options += ["--configfile", *overlays]
    if settings.config_args:
        options += ["--config", *settings.config_args]
    return (*options, "--", *workflow.dag_settings.targets)


def _overlay(record: Path) -> Path:
    """Return the path of the overlay beside a record."""
    return record.with_suffix(".yaml")


def remove(record: Path) -> None:
    """Remove a record and its overlay.

    Args:
        record: Path of the record.
    """
    record.unlink(missing_ok=True)
    _overlay(record).unlink(missing_ok=True)


def read(here: Path) -> dict[Path, Run]:
    """Return the records of runs in a folder, active and interrupted, by their paths; unreadable ones are left out.

    Args:
        here: Working directory of Snakemake.
    """
    runs = {}
    for path in sorted((here / FOLDER).glob("[!.]*.json")):
        try:
            fields = json.loads(path.read_text("utf-8"))
            runs[path.resolve()] = Run(**fields | {"options": tuple(fields["options"])})
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return runs


def is_active(path: Path) -> bool:
    """Return whether the process of a record runs, on this or another host.

    Args:
        path: Path of the record.
    """
    if path.resolve() in _held:
        return True
    try:
        with path.open() as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False
    return False
