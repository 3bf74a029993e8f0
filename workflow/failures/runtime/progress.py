"""Report the progress of a training job in its log and on the terminal."""

from __future__ import annotations

import time

from failures.runtime.jobs import report


class Progress:
    """Count steps and report throughput and remaining time.

    Args:
        name: Name of the job, at the start of each line.
        total: Number of steps of all runs of the job.
        interval: Minimum time between two reports, in seconds.
    """

    def __init__(self, name: str, total: int, interval: float = 10.0):
        self.name, self.total, self.interval = name, total, interval
        self.done = self.trained = 0
        self.started = self.reported = time.monotonic()

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
        if now - self.reported >= self.interval:
            self.reported = now
            self.report()

    def report(self) -> None:
        """Report immediately."""
        elapsed = max(time.monotonic() - self.started, 1e-9)
        rate = self.trained / elapsed
        left = (self.total - self.done) / rate if rate else 0.0
        report(
            f"{self.name}: {self.done:,}/{self.total:,} steps ({self.done / self.total:.0%}), "
            f"{rate:,.0f} steps/s, {left:.0f} s left"
        )
