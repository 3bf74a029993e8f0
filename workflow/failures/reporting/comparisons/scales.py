"""One scale for the runs of all families: 0 is chance, 1 is perfect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# A run has failed that has not come half way from chance to perfect.
FAILED = 0.5
# What is counted to: four fifths of the way, an accuracy of .9, or a fifth left of what there is to explain.
TARGET = 0.8
# Keys of a learner that say what its network is built like; a family has some of them.
BUILT = ("architecture", "normalization", "residual", "blocks", "depth", "kind", "hidden")


@dataclass(frozen=True)
class Scale:
    """What the runs of a family are judged by.

    metric: of its histories; chance, perfect: its values for a learner that knows nothing, and for one that knows all;
    size: key of a problem that says how large it is.
    """

    metric: str
    chance: float
    perfect: float
    size: str

    def progress(self, value: Any) -> Any:
        """Share of the way from chance to perfect that a value (number, array or column) has come; at most 1."""
        return (value - self.chance) / (self.perfect - self.chance)


SCALES = {
    "parity": Scale("accuracy", 0.5, 1.0, "n_features"),
    "periodic": Scale("unexplained", 1.0, 0.0, "n_features"),
    "lines": Scale("accuracy", 0.5, 1.0, "tuple_length"),
    "portfolio": Scale("loss", 0.0, -1.0, "n_stocks"),
    # The fine details, which section 4 is about; 1 is a learner that finds no breakpoint.
    "curves": Scale("breakpoint_error", 1.0, 0.0, "n_points"),
    "steps": Scale("unexplained", 1.0, 0.0, "n_features"),
}
