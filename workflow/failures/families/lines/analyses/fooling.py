"""How trained networks that label single images, N1, are fooled (`failures.families.lines.analyses.attacks`).

Columns of predictions/lines/fooling.csv:
    problem, learner, seed
    part, number, label, n_pixels, start_score, score, single, flips, flips_at_least, l2, largest, nearest, between,
        kind, row, column, value: as in `tables/fooling.csv`

There are no rows of the part `summary`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from failures.engine.seeding import NOISE, generator
from failures.families.lines.analyses import attacks
from failures.families.lines.objective import CHUNK, in_parts
from failures.families.lines.problem import COLUMNS, SIZE, is_aligned, unpack
from failures.families.lines.sparse_n1 import matrices, scores
from failures.families.lines.training import held_out_images

# Test images that are looked through, and how many there are at least: their scores are what noise is compared with.
LOOKED_THROUGH, LEAST = 4, 1000
# A step of gradient ascent, L2.
LENGTH = 0.5
# Images that the plain layers see at once, and the sparse evaluation.
GREY, PACKED = 50, 100 * CHUNK


class Network:
    """N1 of a trained network as functions of NumPy arrays; packed images take the sparse way.

    Its score is attacked and not N2's, which sees it through a sigmoid: where that is flat, slopes lead nowhere, and
    no score is large (Carlini and Wagner, 2017, attack logits for the same reason). The decomposition trains N1's sign
    to be the label.
    """

    def __init__(self, n1: keras.Model):
        """n1: of `failures.families.lines.networks.n1`."""
        self.n1, self.weights = n1, matrices(n1)
        self._packed = tf.function(self._of_packed, autograph=False)
        self._grey = tf.function(self._of_grey, reduce_retracing=True, autograph=False)
        self._slopes = tf.function(self._with_slopes, reduce_retracing=True, autograph=False)

    def _of_packed(self, images: tf.Tensor) -> tf.Tensor:
        parts = tf.reshape(images, [-1, CHUNK, COLUMNS])
        return tf.reshape(in_parts(lambda part: scores(self.weights, part), parts, tf.float32), [-1])

    def _of_grey(self, images: tf.Tensor) -> tf.Tensor:
        return self.n1(tf.reshape(images, [-1, SIZE, SIZE, 1]))[:, 0]

    def _with_slopes(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            found = self._of_grey(images)
        return found, tape.gradient(found, images)

    def packed(self, images: np.ndarray) -> np.ndarray:
        """Scores of packed images, int32 [n, 29] -> [n]."""
        found = []
        for start in range(0, len(images), PACKED):
            part = images[start : start + PACKED]
            # Blank images fill up the last of them, so that all have the size that was compiled.
            filled = np.concatenate([part, np.zeros((PACKED - len(part), COLUMNS), np.int32)])
            found.append(self._packed(tf.constant(filled)).numpy()[: len(part)])
        return np.concatenate(found).astype(np.float64) if found else np.zeros(0)

    def grey(self, images: np.ndarray) -> np.ndarray:
        """Scores of grey images, [n, 784] -> [n]."""
        found = [self._grey(part).numpy() for part in _parts(images)]
        return np.concatenate(found).astype(np.float64) if found else np.zeros(0)

    def slopes(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores of grey images, [n], and their gradients, [n, 784]."""
        found = [self._slopes(part) for part in _parts(images)]
        if not found:
            return np.zeros(0), np.zeros(images.shape)
        return tuple(
            np.concatenate([values.numpy() for values in both]).astype(np.float64) for both in zip(*found, strict=True)
        )


def _parts(images: np.ndarray) -> Iterable[tf.Tensor]:
    return (tf.constant(images[start : start + GREY], tf.float32) for start in range(0, len(images), GREY))


def analyze(inputs: dict[str, Any], settings: dict[str, int], conventions: str) -> pd.DataFrame:
    """Fool N1 of every network with flipped pixels, small changes, and noise.

    inputs: `pool` (file), `runs` (tables) and `models` (folders), lists of the same length. settings: the numbers of
    the block `lines.fooling`.
    Returns columns part and problem, learner, seed (of the network), then for the part

    - image, a test image that is labelled rightly: number, label, n_pixels, score, single (single pixels that flip the
      label), flips (fewest that were found; empty: none within `largest_flips`), flips_at_least (no fewer will do), l2
      (smallest change found, L2), largest (its largest change of a pixel), nearest (L2 distance to the nearest training
      image with the other label), between (median of these distances);
    - real, a test image: number, label, score;
    - noise: number, label (that it is made for), start_score, score (after the ascent), l2 (what the ascent changed);
    - pixel, of an example from the first network: number, kind (line, flips, l2, noise, ascent), row, column, value of
      what is not 0.
    """
    pool, rows, pixels = np.load(inputs["pool"]), [], []
    for runs, models in zip(inputs["runs"], inputs["models"], strict=True):
        for run in pd.read_csv(runs).itertuples():
            keys = {"problem": run.problem, "learner": run.learner, "seed": run.seed}
            path = Path(models, f"{run.trial}.keras")
            model = keras.models.load_model(path, compile=False, safe_mode=True)
            network = Network(model.get_layer("n1"))
            rng = generator("lines", "fooling", run.problem, run.learner, int(run.seed), NOISE)
            tables, examples = _fool(network, pool, settings, conventions, rng)
            rows += [table.assign(part=part, **keys) for part, table in tables.items()]
            pixels += [examples.assign(part="pixel", **keys)] if not pixels else []
    table = pd.concat([*rows, *pixels], ignore_index=True)
    whole = ["number", "label", "n_pixels", "single", "flips", "flips_at_least", "row", "column"]
    return table.astype(dict.fromkeys(whole, "Int64"))[["part", "problem", "learner", "seed", *COLUMNS_OF_PARTS]]


COLUMNS_OF_PARTS = [
    "number", "label", "n_pixels", "start_score", "score", "single", "flips", "flips_at_least", "l2", "largest",
    "nearest", "between", "kind", "row", "column", "value",
]  # fmt: skip


def _fool(
    network: Network, pool: np.ndarray, settings: dict[str, int], conventions: str, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """All of one network: tables by part, and the pixels of examples."""
    images = held_out_images(max(LEAST, LOOKED_THROUGH * settings["n_images"]), conventions)
    real = pd.DataFrame({"number": np.arange(len(images)), "label": images[:, SIZE], "score": network.packed(images)})
    usable = ~is_aligned(images) & (real["label"] * real["score"] > 0)
    chosen = np.flatnonzero(usable)[: settings["n_images"]]
    images = images[chosen]
    flips, fewest = _flips(network, images, settings)
    changes, nearby = _changes(network, images, pool, settings["n_iterations"])
    changed = pd.concat([real.iloc[chosen].reset_index(drop=True), flips, changes], axis=1)
    changed.insert(2, "n_pixels", unpack(images)[0].sum(axis=(1, 2, 3)).astype(int))
    noise, before, after = _noise(network, settings, rng)
    n = settings["n_examples"]
    # Examples that were fooled both ways, and noise for one label and the other.
    shown = np.flatnonzero(changed["flips"].notna() & changed["l2"].notna())[:n]
    kinds = {"line": _grey(images[shown]), "flips": _grey(fewest[shown]), "l2": nearby[shown]}
    parts = [_pixels(kind, chosen[shown], values) for kind, values in kinds.items()]
    parts += [
        _pixels(kind, np.arange(len(noise))[:n], values[:n]) for kind, values in (("noise", before), ("ascent", after))
    ]
    return {"image": changed, "real": real, "noise": noise}, pd.concat(parts, ignore_index=True)


def _grey(images: np.ndarray) -> np.ndarray:
    """Packed images as vectors of grey levels, [n, 784]."""
    return unpack(images)[0].reshape(len(images), attacks.PIXELS).astype(np.float64)


def _flips(network: Network, images: np.ndarray, settings: dict[str, int]) -> tuple[pd.DataFrame, np.ndarray]:
    """Fewest pixels of packed images: columns single, flips and flips_at_least, and the images with them flipped."""
    labels = images[:, SIZE].astype(np.float64)
    pixels, flips, single = attacks.greedy_flips(network.packed, images, labels, settings["largest_flips"])
    least = np.where(single > 0, 1, 2)
    for image in np.flatnonzero(single == 0)[: settings["n_pairs"]]:
        pair = attacks.pair_that_flips(network.packed, images[image], labels[image])
        if pair is None:
            least[image] = 3
        else:
            pixels[image], flips[image] = -1, 2
            pixels[image, :2] = pair
    changed = images.copy()
    for image, count in enumerate(flips):
        if count:
            changed[image] = attacks.flipped(images[image][None], pixels[image, :count][None])[0]
    table = pd.DataFrame({"single": single, "flips": pd.array(flips, "Int64"), "flips_at_least": least})
    table.loc[table["flips"] == 0, "flips"] = pd.NA
    return table, changed


def _changes(network: Network, images: np.ndarray, pool: np.ndarray, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Smallest changes in L2 and the distances they are compared with: columns l2, largest, nearest and between, and
    the changed images."""
    labels, grey = images[:, SIZE].astype(np.float64), _grey(images)
    number, least, median = attacks.nearest(images, pool)
    other = _grey(pool[number])
    changed = attacks.smallest_change(network.grey, network.slopes, grey, labels, [grey, other], n)
    columns = {"l2": np.linalg.norm(changed - grey, axis=1), "largest": np.abs(changed - grey).max(axis=1, initial=0.0)}
    return pd.DataFrame(columns | {"nearest": np.sqrt(least), "between": np.sqrt(median)}), changed


def _noise(
    network: Network, settings: dict[str, int], rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Images of uniform noise before and after gradient ascent, and a table of their scores."""
    n = settings["n_noise"]
    before, labels = rng.random((n, attacks.PIXELS)), np.where(np.arange(n) % 2, -1, 1)
    after = attacks.ascend(network.slopes, before, labels, settings["n_ascent"], LENGTH)
    columns = {
        "number": np.arange(n),
        "label": labels,
        "start_score": network.grey(before),
        "score": network.grey(after),
    }
    return pd.DataFrame(columns | {"l2": np.linalg.norm(after - before, axis=1)}), before, after


def _pixels(kind: str, numbers: np.ndarray, images: np.ndarray) -> pd.DataFrame:
    """Pixels that are not 0 of grey images, [n, 784]: columns number, kind, row, column and value."""
    image, pixel = np.nonzero(images)
    values = images[image, pixel].round(4)
    columns = {"number": numbers[image], "row": pixel // SIZE, "column": pixel % SIZE, "value": values}
    return pd.DataFrame(columns).assign(kind=kind)
