"""Readable names of the curves that the table `published` compares."""

from __future__ import annotations

from failures.artifacts.labels import learner_label

_SYMBOLS = {"n_features": "d", "n_stocks": "k", "tuple_length": "k"}


def curve_name(series: str) -> str:
    """Format a curve's keys as the paper names it: "k = 10, end-to-end" for "n_stocks = 10 learner = end_to_end"."""
    words = series.split()
    pairs = zip(words[::3], words[2::3], strict=True)
    return ", ".join(f"{_SYMBOLS[key]} = {value}" if key in _SYMBOLS else learner_label(value) for key, value in pairs)
