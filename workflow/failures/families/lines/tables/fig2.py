"""Samples of the lines problem.

One row per black pixel.

Columns:
    tuple_length
    label, sample: label of the tuple; index of the sample
    image, image_label: index of the image in the tuple; label of the image
    row, column: position of the pixel
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.engine.seeding import generator
from failures.families.lines.problem import draw_images, tuple_labels, unpack


def tabulate(inputs: dict[str, Any], tuple_lengths: list[int], n_samples: int, conventions: str) -> pd.DataFrame:
    """List the black pixels of the first samples of each class, from a stream of random tuples.

    Args:
        inputs: Empty.
        tuple_lengths: Values of k.
        n_samples: Number of samples per class.
        conventions: `scripts` or `text`, as in `failures.families.lines.problem.draw_images`.

    Returns:
        The table that `Columns` describes.
    """
    tables = []
    for length in tuple_lengths:
        # Twenty times as many tuples as are shown, so that both classes occur often enough.
        images = draw_images(40 * n_samples * length, conventions, generator("lines", "fig2", length))
        pixels, labels = unpack(images)
        pixels = pixels.reshape(-1, length, *pixels.shape[1:3])
        labels = labels.reshape(-1, length)
        joint = tuple_labels(labels, conventions)
        for label in (1, -1):
            for sample, number in enumerate(np.flatnonzero(joint == label)[:n_samples]):
                image, row, column = np.nonzero(pixels[number])
                table = pd.DataFrame({"image": image, "image_label": labels[number, image].astype(int)})
                table = table.assign(row=row, column=column, tuple_length=length, label=label, sample=sample)
                tables.append(table)
    columns = ["tuple_length", "label", "sample", "image", "image_label", "row", "column"]
    return pd.concat(tables, ignore_index=True)[columns]
