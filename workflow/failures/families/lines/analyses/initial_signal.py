"""Signal and noise of the gradient at random initial weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.engine.seeding import DATA, INIT, generator
from failures.families.lines.analyses.signal import Features, measure
from failures.families.lines.networks import n1, n2


def analyze(
    inputs: dict[str, Any], tuple_lengths: list[int], n_tuples: int, seeds: list[int], conventions: str
) -> pd.DataFrame:
    """SNR of every method, length of tuples and initialisation, each with tuples of its own; lengths share N1.

    inputs: `pool` (file). Returns columns seed, tuple_length, method, n_tuples, signal, noise, snr, standard_error
    and plug_in (`failures.families.lines.analyses.signal`).
    """
    features = Features(np.load(inputs["pool"]), tuple_lengths)
    rows = []
    for seed in seeds:
        stream = ("lines", "fig5", seed, INIT)
        seconds = {length: n2(length, *stream, "n2") for length in tuple_lengths}
        first = n1(*stream, "n1")
        found = measure(features, first, seconds, n_tuples, conventions, generator("lines", "fig5", seed, DATA))
        rows += [{"seed": seed, **row} for row in found]
    return pd.DataFrame(rows)
