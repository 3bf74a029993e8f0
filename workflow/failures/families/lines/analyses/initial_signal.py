"""Signal and noise of the gradient at random initial weights (section 3.1, Figure 5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.engine.seeding import DATA, INIT, generator
from failures.families.lines.analyses.features import Features, select_images
from failures.families.lines.analyses.signal import draw_order, measure
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
    pool = np.load(inputs["pool"], mmap_mode="r")
    n_images = len(pool)

    def order(seed: int) -> np.ndarray:
        return draw_order(n_images, n_tuples, tuple_lengths, generator("lines", "fig5", seed, DATA))

    images = select_images(pool, map(order, seeds))
    del pool
    features = Features(images)
    del images
    rows = []
    for seed in seeds:
        stream = ("lines", "fig5", seed, INIT)
        n2_models = {length: n2(length, *stream, "n2") for length in tuple_lengths}
        estimates = measure(features, n1(*stream, "n1"), n2_models, n_tuples, conventions, order(seed))
        rows += [{"seed": seed, **row} for row in estimates]
    return pd.DataFrame(rows)
