"""What every job does around its work: log file, threads, progress."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def start(log: str | Path) -> None:
    """Send standard output and error, those of C++ libraries too, to the file `log` (line-buffered).

    A terminal that standard error was connected to stays reachable through `report`.
    """
    global _terminal
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


def configure_tensorflow(threads: int) -> None:
    """Fix the threads and kernels of TensorFlow, which decide the last digits of its results.

    Must be called before TensorFlow is imported: RuntimeError otherwise.
    """
    if "tensorflow" in sys.modules:
        raise RuntimeError("TensorFlow is already imported; its threads can no longer be set")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    # oneDNN chooses kernels by processor, and is slower than Eigen on networks as small as ours.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")


_terminal = None


def report(line: str) -> None:
    """Write a line to the log and, if the job was started from one, to the terminal."""
    print(line, flush=True)
    if _terminal is not None:
        _terminal.write(f"{line}\n")


class Progress:
    """Reports steps a second and the time left, at most every `interval` seconds.

    total: steps of all runs of the job; done: those that earlier, interrupted jobs have trained.
    """

    def __init__(self, name: str, total: int, interval: float = 10.0):
        self.name, self.total, self.interval = name, total, interval
        self.done = self.trained = 0
        self.started = self.reported = time.monotonic()

    def skip(self, steps: int) -> None:
        """Count steps that need no training any more."""
        self.done += steps

    def advance(self, steps: int) -> None:
        """Count trained steps."""
        self.done += steps
        self.trained += steps
        now = time.monotonic()
        if now - self.reported >= self.interval:
            self.reported = now
            self.report()

    def report(self) -> None:
        """Report now."""
        elapsed = max(time.monotonic() - self.started, 1e-9)
        rate = self.trained / elapsed
        left = (self.total - self.done) / rate if rate else float("nan")
        report(
            f"{self.name}: {self.done:,}/{self.total:,} steps ({self.done / self.total:.0%}), "
            f"{rate:,.0f} steps/s, {left:.0f} s left"
        )
