"""One scale for the runs of all families: progress, 0 at chance and 1 at perfect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# A run with less final progress has failed.
FAILED = 0.5
# Progress at the target: an accuracy of 0.9, or an unexplained variance of 0.2.
TARGET = 0.8
# Keys of a learner that define its network; a family has some of them.
BUILT = ("architecture", "normalization", "residual", "blocks", "depth", "kind", "hidden")


@dataclass(frozen=True)
class Scale:
    """Metric of a family and its values at both ends of the scale.

    Attributes:
        metric: Column of the histories.
        chance: Value at chance.
        perfect: Value at perfect.
        size: Key of a problem that is its size.
    """

    metric: str
    chance: float
    perfect: float
    size: str

    def progress(self, value: Any) -> Any:
        """Rescale a value (number, array or column) to 0 at chance and 1 at perfect."""
        return (value - self.chance) / (self.perfect - self.chance)


SCALES = {
    "parity": Scale("accuracy", 0.5, 1.0, "n_features"),
    "periodic": Scale("unexplained", 1.0, 0.0, "n_features"),
    "lines": Scale("accuracy", 0.5, 1.0, "tuple_length"),
    "portfolio": Scale("loss", 0.0, -1.0, "n_stocks"),
    # The error at the breakpoints, the subject of section 4; it is 1 for a learner that finds no breakpoint.
    "curves": Scale("breakpoint_error", 1.0, 0.0, "n_points"),
    "steps": Scale("unexplained", 1.0, 0.0, "n_features"),
}
