"""What every job does around its work: log file, threads, progress, and a record of what it took."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from failures.runtime import provenance
from failures.runtime.files import abandoned, remove


@contextmanager
def job(snakemake: Any) -> Iterator[None]:
    """Surround what a script does.

    Standard output and error, those of C++ libraries too, go to the job's log file (line-buffered); a terminal that
    standard error was connected to stays reachable through `report`. Inputs are compared with their sidecars first,
    and what a killed job left beside the outputs is removed; at the end the outputs get sidecars, and the log a last
    line that says what the job took, which `failures.reporting.costs.records` reads.

    snakemake: the object of this name in a script.
    """
    began = time.time()
    sys.excepthook = _one_line
    _redirect(snakemake.log[0])
    provenance.check(snakemake.input)
    for output in map(Path, snakemake.output):
        for leftover in [*abandoned(output), *abandoned(provenance.sidecar(output))]:
            remove(leftover)
    yield
    provenance.record(snakemake)
    _record(snakemake, began)


def _redirect(log: str) -> None:
    """Send standard output and error to a file."""
    global _terminal, _stderr
    _stderr = os.dup(2)
    if sys.stderr.isatty():
        _terminal = os.fdopen(os.dup(2), "w", buffering=1)
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)
    sys.stdout.reconfigure(line_buffering=True)


# Errors of the place and not of the program: they need no traceback.
_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def _one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report an uncaught error: in one line if it is about a place or an artifact, with its traceback otherwise.

    A full disk takes no log, so that the line goes to where standard error went before, too.
    """
    if isinstance(error, provenance.ProvenanceError):
        text = str(error)
    elif isinstance(error, OSError) and (error.errno in _PLACE or "No space left on device" in str(error)):
        reason = os.strerror(error.errno or errno.ENOSPC)
        text = f"{error.filename or 'results'}: {reason}; finished results are kept; fix the cause and run again"
    else:
        text = "".join(traceback.format_exception(kind, error, trace)).rstrip()
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        os.write(_stderr, f"{text}\n".encode())


_stderr = 2


@contextmanager
def work() -> Iterator[None]:
    """Count the CPU time of the block, in all threads, as the job's real work; the rest is what surrounds it.

    RuntimeError inside another such block, which would count twice.
    """
    global _worked, _working
    if _working:
        raise RuntimeError("work() blocks must not be nested: their CPU time would be counted twice")
    began, _working = time.process_time(), True
    try:
        yield
    finally:
        _working = False
        _worked += time.process_time() - began


_worked, _working = 0.0, False  # seconds of CPU time


def _record(job: Any, began: float) -> None:
    """Print what a job took as one line of JSON (epoch seconds, CPU seconds, MiB)."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    record = {
        "rule": job.rule,
        "wildcards": dict(job.wildcards.items()),
        "input": list(job.input),
        "output": list(job.output),
        "threads": job.threads,
        "mem_mb": dict(job.resources.items()).get("mem_mb"),
        "start": round(began, 3),
        "end": round(time.time(), 3),
        "cpu_s": round(sum(part.ru_utime + part.ru_stime for part in usage), 3),
        "loop_cpu_s": round(_worked, 3),
        "memory_mb": round(_peak_memory(), 1),
    }
    print(json.dumps(record), flush=True)


def _peak_memory() -> float:
    """Largest resident memory that this process had, MiB.

    On Linux ru_maxrss will not do: it passes from a process to those it starts, and Snakemake is larger than some jobs.
    """
    status = Path("/proc/self/status")
    peak = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(), re.M) if status.is_file() else None
    if peak is not None:
        return int(peak[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


_terminal = None


def report(line: str) -> None:
    """Write a line to the log and, if the job was started from one, to the terminal."""
    print(line, flush=True)
    if _terminal is not None:
        _terminal.write(f"{line}\n")
