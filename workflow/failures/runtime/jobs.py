"""Context of a job: log, verification of inputs, removal of leftovers, provenance and resource usage."""

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
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from failures.runtime import provenance
from failures.runtime.files import abandoned, remove
from failures.runtime.forkserver import launcher_cpu_s
from failures.runtime.terminal import Messages


@contextmanager
def job(snakemake: Any) -> Iterator[None]:
    """Run the body of a script with logging, input verification and provenance.

    Standard output and error, including those of C++ libraries, are redirected to the log of the job, line-buffered. If
    standard error was a terminal, `report` still writes to it; a terminal that is gone is no error. At the start,
    inputs are compared with their sidecars, and private files of killed jobs are removed. At the end, sidecars of the
    outputs are written. The last line of the log records the resource usage; `failures.reporting.costs.records` reads
    it.

    Args:
        snakemake: The object `snakemake` of the script.

    Raises:
        ProvenanceError: An input has no sidecar or differs from it.
    """
    start = time.time()
    sys.excepthook = _one_line
    _redirect(snakemake.log[0])
    provenance.check(snakemake.input)
    for output in map(Path, snakemake.output):
        for leftover in [*abandoned(output), *abandoned(provenance.sidecar(output))]:
            remove(leftover)
    yield
    provenance.record(snakemake)
    _record(snakemake, start)


def _redirect(log: str) -> None:
    """Redirect standard output and error to a file."""
    global _terminal, _stderr
    _stderr = os.dup(2)
    if sys.stderr.isatty():
        _terminal = Messages(os.fdopen(os.dup(2), "w", buffering=1))
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (sys.stdout, sys.stderr):
        Messages(stream).flush()
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)
    sys.stdout.reconfigure(line_buffering=True)


# Environment errors (disk full, permissions); they need no traceback.
_ENVIRONMENT = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def _one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report an uncaught error: environment and provenance errors in one line, all others with a traceback.

    If the log cannot be written, as on a full disk, the text is written to the original standard error.
    """
    if isinstance(error, provenance.ProvenanceError):
        text = str(error)
    elif isinstance(error, OSError) and (error.errno in _ENVIRONMENT or "No space left on device" in str(error)):
        reason = os.strerror(error.errno or errno.ENOSPC)
        text = f"{error.filename or 'results'}: {reason}; finished results are kept; fix the cause and run again"
    else:
        text = "".join(traceback.format_exception(kind, error, trace)).rstrip()
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        with suppress(OSError):
            os.write(_stderr, f"{text}\n".encode())


_stderr = 2


@contextmanager
def work() -> Iterator[None]:
    """Add the CPU time of the block, in all threads, to the compute time of the job; the rest counts as overhead.

    Raises:
        RuntimeError: The block is inside another such block, which would count its time twice.
    """
    global _worked, _working
    if _working:
        raise RuntimeError("work() blocks must not be nested: their CPU time would be counted twice")
    start, _working = time.process_time(), True
    try:
        yield
    finally:
        _working = False
        _worked += time.process_time() - start


_worked, _working = 0.0, False  # seconds of CPU time


def _record(job: Any, start: float) -> None:
    """Print the resource usage of a job as one line of JSON (epoch seconds, CPU seconds, MiB)."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    record = {
        "rule": job.rule,
        "wildcards": dict(job.wildcards.items()),
        "input": list(job.input),
        "output": list(job.output),
        "threads": job.threads,
        "mem_mb": dict(job.resources.items()).get("mem_mb"),
        "start": round(start, 3),
        "end": round(time.time(), 3),
        "cpu_s": round(sum(part.ru_utime + part.ru_stime for part in usage) + launcher_cpu_s(), 3),
        "loop_cpu_s": round(_worked, 3),
        "memory_mb": round(_peak_memory(), 1),
    }
    print(json.dumps(record), flush=True)


def _peak_memory() -> float:
    """Return the peak resident memory of this process, in MiB.

    On Linux, a process inherits ru_maxrss from its parent, and Snakemake is larger than some jobs; VmHWM is not
    inherited.
    """
    status = Path("/proc/self/status")
    peak = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(), re.M) if status.is_file() else None
    if peak is not None:
        return int(peak[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


_terminal = None


def report(line: str) -> None:
    """Write a line to the log, and to the terminal if standard error was one and still is there.

    Args:
        line: Text without a line break.
    """
    print(line, flush=True)
    if _terminal is not None:
        _terminal.write(f"{line}\n")
