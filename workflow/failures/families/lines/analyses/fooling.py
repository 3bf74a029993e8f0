"""Attacks on N1 of trained networks (`failures.families.lines.analyses.attacks`).

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

# Test images per changed image, and their smallest number. The scores of noise are compared with theirs.
TEST_IMAGES_PER_CHANGED, FEWEST_TEST_IMAGES = 4, 1000
# L2 length of a step of gradient ascent.
LENGTH = 0.5
# Images per evaluation of the Keras layers, and of the sparse evaluation.
GREY, PACKED = 50, 20 * CHUNK


class Network:
    """N1 of a trained network as functions of NumPy arrays.

    The attacks target the score of N1, not that of N2. N2 applies a sigmoid to the score. Where the sigmoid is flat,
    gradients vanish. The decomposition trains the sign of N1's score to be the label.

    Args:
        n1: Model of `failures.families.lines.networks.n1`.

    Reference:
        Carlini and Wagner (2017), who attack logits for the same reason.
    """

    def __init__(self, n1: keras.Model):
        self.n1, self.weights = n1, matrices(n1)
        self._packed = tf.function(self._score_packed, autograph=False)
        self._grey = tf.function(self._score_grey, reduce_retracing=True, autograph=False)
        self._slopes = tf.function(self._with_slopes, reduce_retracing=True, autograph=False)

    def _score_packed(self, images: tf.Tensor) -> tf.Tensor:
        parts = tf.reshape(images, [-1, CHUNK, COLUMNS])
        return tf.reshape(in_parts(lambda part: scores(self.weights, part), parts, tf.float32), [-1])

    def _score_grey(self, images: tf.Tensor) -> tf.Tensor:
        return self.n1(tf.reshape(images, [-1, SIZE, SIZE, 1]))[:, 0]

    def _with_slopes(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            scores = self._score_grey(images)
        return scores, tape.gradient(scores, images)

    def packed(self, images: np.ndarray) -> np.ndarray:
        """Compute the scores of packed images, int32 [n, 29] -> float64 [n]."""
        scores = []
        for start in range(0, len(images), PACKED):
            part = images[start : start + PACKED]
            # Blank images pad the last batch to the compiled size.
            filled = np.concatenate([part, np.zeros((PACKED - len(part), COLUMNS), np.int32)])
            scores.append(self._packed(tf.constant(filled)).numpy()[: len(part)])
        return np.concatenate(scores).astype(np.float64) if scores else np.zeros(0)

    def grey(self, images: np.ndarray) -> np.ndarray:
        """Compute the scores of grey images, [n, 784] -> float64 [n]."""
        scores = [self._grey(part).numpy() for part in _parts(images)]
        return np.concatenate(scores).astype(np.float64) if scores else np.zeros(0)

    def slopes(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute the scores of grey images, [n, 784] -> float64 [n], and their gradients, float64 [n, 784]."""
        results = [self._slopes(part) for part in _parts(images)]
        if not results:
            return np.zeros(0), np.zeros(images.shape)
        return tuple(
            np.concatenate([values.numpy() for values in both]).astype(np.float64)
            for both in zip(*results, strict=True)
        )


def _parts(images: np.ndarray) -> Iterable[tf.Tensor]:
    return (tf.constant(images[start : start + GREY], tf.float32) for start in range(0, len(images), GREY))


def analyze(inputs: dict[str, Any], settings: dict[str, int], conventions: str) -> pd.DataFrame:
    """Attack N1 of every network with flipped pixels, small changes and noise.

    Args:
        inputs: `pool`, the path of the images, `runs`, paths of the tables of runs, and `models`, folders of models;
            `runs` and `models` have the same length.
        settings: `n_images`, `largest_flips`, `n_pairs`, `n_iterations`, `n_noise`, `n_ascent` and `n_examples` of the
            experiment `fooling`.
        conventions: `scripts` or `text`.

    Returns:
        The table that `Columns` describes.
    """
    pool, rows, pixels = np.load(inputs["pool"]), [], []
    for runs, models in zip(inputs["runs"], inputs["models"], strict=True):
        for run in pd.read_csv(runs).itertuples():
            keys = {"problem": run.problem, "learner": run.learner, "seed": run.seed}
            path = Path(models, f"{run.trial}.keras")
            model = keras.models.load_model(path, compile=False, safe_mode=True)
            network = Network(model.get_layer("n1"))
            rng = generator("lines", "fooling", run.problem, run.learner, int(run.seed), NOISE)
            tables, examples = _attack(network, pool, settings, conventions, rng)
            rows += [table.assign(part=part, **keys) for part, table in tables.items()]
            pixels += [examples.assign(part="pixel", **keys)] if not pixels else []
    table = pd.concat([*rows, *pixels], ignore_index=True)
    whole = ["number", "label", "n_pixels", "single", "flips", "flips_at_least", "row", "column"]
    return table.astype(dict.fromkeys(whole, "Int64"))[["part", "problem", "learner", "seed", *COLUMNS_OF_PARTS]]


COLUMNS_OF_PARTS = [
    "number", "label", "n_pixels", "start_score", "score", "single", "flips", "flips_at_least", "l2", "largest",
    "nearest", "between", "kind", "row", "column", "value",
]  # fmt: skip


def _attack(
    network: Network, pool: np.ndarray, settings: dict[str, int], conventions: str, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Attack one network; return tables by part, and the pixels of examples."""
    images = held_out_images(max(FEWEST_TEST_IMAGES, TEST_IMAGES_PER_CHANGED * settings["n_images"]), conventions)
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
    # Examples are images that both attacks fool, and noise for either label.
    shown = np.flatnonzero(changed["flips"].notna() & changed["l2"].notna())[:n]
    kinds = {"line": _grey(images[shown]), "flips": _grey(fewest[shown]), "l2": nearby[shown]}
    parts = [_pixels(kind, chosen[shown], values) for kind, values in kinds.items()]
    parts += [
        _pixels(kind, np.arange(len(noise))[:n], values[:n]) for kind, values in (("noise", before), ("ascent", after))
    ]
    return {"image": changed, "real": real, "noise": noise}, pd.concat(parts, ignore_index=True)


def _grey(images: np.ndarray) -> np.ndarray:
    """Unpack images into vectors of grey levels, [n, 784]."""
    return unpack(images)[0].reshape(len(images), attacks.PIXELS).astype(np.float64)


def _flips(network: Network, images: np.ndarray, settings: dict[str, int]) -> tuple[pd.DataFrame, np.ndarray]:
    """Flip pixels of packed images; return columns single, flips and flips_at_least, and the flipped images."""
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
    """Find the smallest changes in L2 norm.

    Returns:
        Columns l2, largest, nearest and between, and the changed images.
    """
    labels, grey = images[:, SIZE].astype(np.float64), _grey(images)
    index, least, median = attacks.nearest(images, pool)
    other = _grey(pool[index])
    changed = attacks.smallest_change(network.grey, network.slopes, grey, labels, [grey, other], n)
    columns = {"l2": np.linalg.norm(changed - grey, axis=1), "largest": np.abs(changed - grey).max(axis=1, initial=0.0)}
    return pd.DataFrame(columns | {"nearest": np.sqrt(least), "between": np.sqrt(median)}), changed


def _noise(
    network: Network, settings: dict[str, int], rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Run gradient ascent on uniform noise; return a table of scores, and the images before and after."""
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
    """List the non-zero pixels of grey images, [n, 784]: columns number, kind, row, column and value."""
    image, pixel = np.nonzero(images)
    values = images[image, pixel].round(4)
    columns = {"number": numbers[image], "row": pixel // SIZE, "column": pixel % SIZE, "value": values}
    return pd.DataFrame(columns).assign(kind=kind)
