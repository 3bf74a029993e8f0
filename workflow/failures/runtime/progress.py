"""Report the progress of a training job in its log and on the terminal."""

from __future__ import annotations

import time

from failures.runtime.jobs import report


class Progress:
    """Count steps and report throughput and remaining time.

    The first line appears at once. The first steps include tracing and compilation, so the rate is that of later steps.

    Args:
        name: Name of the job, at the start of each line.
        total: Number of steps of all runs of the job.
        interval: Minimum time between two reports, in seconds.
    """

    def __init__(self, name: str, total: int, interval: float = 10.0):
        self.name, self.total, self.interval = name, total, interval
        self.done = self.trained = 0
        # Number of trained steps and time at the end of the first steps.
        self.first: tuple[int, float] | None = None
        self.reported = time.monotonic()
        report(f"{name}: started, {total:,} steps")

    def skip(self, steps: int) -> None:
        """Count steps that need no training.

        Args:
            steps: Number of steps that an earlier job completed, or that remain after a run diverged.
        """
        self.done += steps

    def advance(self, steps: int) -> None:
        """Count trained steps, and report if `interval` has passed.

        Args:
            steps: Number of steps since the last call.
        """
        self.done += steps
        self.trained += steps
        now = time.monotonic()
        if self.first is None:
            self.first = (self.trained, now)
        if now - self.reported >= self.interval:
            self.reported = now
            self.report()

    def report(self) -> None:
        """Report immediately."""
        line = f"{self.name}: {self.done:,}/{self.total:,} steps ({self.done / self.total:.0%})"
        steps, since = self.first or (self.trained, 0.0)
        if self.trained > steps:
            rate = (self.trained - steps) / max(time.monotonic() - since, 1e-9)
            line += f", {rate:,.0f} steps/s, {(self.total - self.done) / rate:.0f} s left"
        report(line)
