"""Signal and noise of the gradient at random initial weights, with residual blocks in N1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.engine.seeding import DATA, INIT, generator
from failures.families.lines.analyses.signal import Features, measure
from failures.families.lines.networks import n1, n2


def analyze(
    inputs: dict[str, Any],
    blocks: list[int],
    tuple_lengths: list[int],
    n_tuples: int,
    seeds: list[int],
    conventions: str,
) -> pd.DataFrame:
    """SNR of every method, length of tuples, initialisation and number of blocks, each with tuples of its own.

    inputs: `pool` (file). blocks: residual blocks in N1; all other weights are those of Figure 5's initialisations.
    Returns columns seed, blocks, tuple_length, method, n_tuples, signal, noise, snr, standard_error and plug_in
    (`failures.families.lines.analyses.signal`).
    """
    features = Features(np.load(inputs["pool"]), tuple_lengths)
    rows = []
    for number in blocks:
        for seed in seeds:
            stream = ("lines", "fig5", seed, INIT)
            seconds = {length: n2(length, *stream, "n2") for length in tuple_lengths}
            first = n1(*stream, "n1", blocks=number)
            rng = generator("lines", "snr_depth", number, seed, DATA)
            found = measure(features, first, seconds, n_tuples, conventions, rng)
            rows += [{"seed": seed, "blocks": number, **row} for row in found]
    return pd.DataFrame(rows)
