"""Signal and noise of the gradient at random initial weights (section 3.1, Figure 5)."""

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
    """Estimate the SNR per method, tuple length and initialisation.

    Each initialisation has its own tuples. The tuple lengths of an initialisation share N1.

    Args:
        inputs: `pool`, the path of the images.
        tuple_lengths: Values of k.
        n_tuples: Tuples per estimate.
        seeds: Seeds of the initialisations.
        conventions: `scripts` or `text`.

    Returns:
        The columns that `failures.families.lines.analyses.signal` describes.
    """
    features = Features(np.load(inputs["pool"]), tuple_lengths)
    rows = []
    for seed in seeds:
        stream = ("lines", "fig5", seed, INIT)
        n2_models = {length: n2(length, *stream, "n2") for length in tuple_lengths}
        n1_model = n1(*stream, "n1")
        estimates = measure(
            features, n1_model, n2_models, n_tuples, conventions, generator("lines", "fig5", seed, DATA)
        )
        rows += [{"seed": seed, **row} for row in estimates]
    return pd.DataFrame(rows)
