"""Signal and noise of the gradient at initialisation, with residual blocks in N1 (section 3.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.engine.seeding import DATA, INIT, generator
from failures.families.lines.analyses.features import Features, select_images
from failures.families.lines.analyses.signal import draw_order, measure
from failures.families.lines.networks import n1, n2


def analyze(
    inputs: dict[str, Any],
    blocks: list[int],
    tuple_lengths: list[int],
    n_tuples: int,
    seeds: list[int],
    conventions: str,
) -> pd.DataFrame:
    """Estimate the SNR per method, tuple length, initialisation and number of blocks.

    Each initialisation and number of blocks has its own tuples. Apart from the blocks, the initial weights are those of
    Figure 5.

    Args:
        inputs: `pool`, the path of the images.
        blocks: Numbers of residual blocks in N1.
        tuple_lengths: Values of k.
        n_tuples: Tuples per estimate.
        seeds: Seeds of the initialisations.
        conventions: `scripts` or `text`.

    Returns:
        The columns that `failures.families.lines.analyses.signal` describes.
    """
    pool = np.load(inputs["pool"], mmap_mode="r")
    n_images = len(pool)

    def order(network: tuple[int, int]) -> np.ndarray:
        return draw_order(n_images, n_tuples, tuple_lengths, generator("lines", "snr_depth", *network, DATA))

    networks = [(n_blocks, seed) for n_blocks in blocks for seed in seeds]
    images = select_images(pool, map(order, networks))
    del pool
    features = Features(images)
    del images
    rows = []
    for n_blocks, seed in networks:
        stream = ("lines", "fig5", seed, INIT)
        n2_models = {length: n2(length, *stream, "n2") for length in tuple_lengths}
        n1_model = n1(*stream, "n1", blocks=n_blocks)
        estimates = measure(features, n1_model, n2_models, n_tuples, conventions, order((n_blocks, seed)))
        rows += [{"seed": seed, "blocks": n_blocks, **row} for row in estimates]
    return pd.DataFrame(rows)
