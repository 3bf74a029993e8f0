"""Progress of a training job, in its log and on the terminal."""

from __future__ import annotations

import time

from failures.runtime.jobs import report


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
        left = (self.total - self.done) / rate if rate else 0.0
        report(
            f"{self.name}: {self.done:,}/{self.total:,} steps ({self.done / self.total:.0%}), "
            f"{rate:,.0f} steps/s, {left:.0f} s left"
        )
