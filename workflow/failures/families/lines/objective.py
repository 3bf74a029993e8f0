"""Lines inside TensorFlow's graph: batches of tuples, the loss of each method, and its gradients in parts.

Metrics:
    accuracy, loss: accuracy and hinge loss for the labels of the test tuples
    image_accuracy: share of single images whose label equals the sign of N1's score
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from failures.engine.losses import accuracy, hinge
from failures.engine.tensorflow_setup import parallel
from failures.engine.training import Objective
from failures.families.lines.problem import COLUMNS, SIZE, tuple_sign
from failures.families.lines.sparse_n1 import Matrices, matrices, scores

# Images whose gradients are computed at once: as many as leave their intermediate results in the processor's cache.
CHUNK = 80


class LinesObjective(Objective):
    """Loss and evaluation on tuples of images; `assign` changes where a run's tuples begin, not the graph.

    accuracy, loss (hinge): of the tuples' label; image_accuracy: of N1's sign for single images.
    """

    metrics = ("accuracy", "loss", "image_accuracy")

    def __init__(self, train: np.ndarray, test: np.ndarray, n_tuples: int, tuple_length: int, settings: dict[str, Any]):
        """train, test: packed images, int32 [n, 29]. n_tuples: tuples that are read in order, again and again.
        settings: `method`, `batch_size` (a validated block of `lines.learners`) and `conventions`."""
        self.tuple_length, self.n_tuples = tuple_length, n_tuples
        self.method, self.batch_size = settings["method"], settings["batch_size"]
        self.sign = float(tuple_sign(tuple_length, settings["conventions"]))
        self.train, self.test = tf.constant(train), tf.constant(test)
        self.start = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.parts = n_parts(self.batch_size, tuple_length)

    def assign(self, start: int) -> None:
        """Set the number of the training image at which the tuples begin."""
        self.start.assign(start)

    def batch(self, step: tf.Tensor) -> tf.Tensor:
        """Images of the tuples of this step, one tuple after the other: int32 [batch_size * k, 29]."""
        numbers = (step * self.batch_size + tf.range(self.batch_size, dtype=tf.int64)) % self.n_tuples
        images = self.start + self.tuple_length * numbers[:, None] + tf.range(self.tuple_length, dtype=tf.int64)
        return tf.gather(self.train, tf.reshape(images % len(self.train), [-1]))

    def labels(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Labels of images, [n * k] -> [n * k, 1], and of their tuples, [n, 1]."""
        labels = tf.cast(images[:, SIZE:], tf.float32)
        return labels, self.sign * tf.reduce_prod(tf.reshape(labels, [-1, self.tuple_length]), 1, keepdims=True)

    def predict(self, model: keras.Model, weights: Matrices, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Scores of images, [n * k, 1], and of their tuples, [n, 1]."""
        single = scores(weights, images)
        return single, model.get_layer("n2")(tf.reshape(single, [-1, self.tuple_length]))

    def part(self, model: keras.Model, weights: Matrices, images: tf.Tensor) -> tf.Tensor:
        """Loss of some tuples: hinge of their labels, and for the decomposition that of the images' labels too."""
        labels, tuples = self.labels(images)
        single, joint = self.predict(model, weights, images)
        loss = hinge(tuples, joint)
        return loss + hinge(labels, single) if self.method == "decomposition" else loss

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Training loss of the batch of this step."""
        return self.part(model, matrices(model.get_layer("n1")), self.batch(step))

    def gradients(self, model: keras.Model, step: tf.Tensor) -> list[tf.Tensor]:
        """Gradients of the loss, summed over parts of the batch."""
        first, second = (
            [variable.value for variable in model.get_layer(name).trainable_variables] for name in ("n1", "n2")
        )
        with tf.GradientTape() as outer:
            outer.watch(first)
            weights = matrices(model.get_layer("n1"))
        made = tf.nest.flatten(weights)
        by = [*made, *second]
        images = tf.reshape(self.batch(step), [self.parts, -1, COLUMNS])

        def of_part(images: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as inner:
                inner.watch(by)
                loss = self.part(model, weights, images)
            return tf.concat([tf.reshape(gradient, [-1]) for gradient in inner.gradient(loss, by)], 0)

        found = in_parts(of_part, images, tf.float32)
        sizes = [int(np.prod(weight.shape)) for weight in by]
        pieces = tf.split(tf.reduce_mean(found, axis=0), sizes)
        pieces = [tf.reshape(piece, weight.shape) for piece, weight in zip(pieces, by, strict=True)]
        return [*outer.gradient(made, first, output_gradients=pieces[: len(made)]), *pieces[len(made) :]]

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """The metrics after this step, on the test tuples."""
        weights, size = matrices(model.get_layer("n1")), len(self.test) // self.tuple_length
        parts = tf.reshape(self.test, [n_parts(size, self.tuple_length), -1, COLUMNS])
        single, joint = in_parts(lambda images: self.predict(model, weights, images), parts, (tf.float32, tf.float32))
        labels, tuples = self.labels(self.test)
        single, joint = tf.reshape(single, [-1, 1]), tf.reshape(joint, [-1, 1])
        return tf.stack([accuracy(tuples, joint), hinge(tuples, joint), accuracy(labels, single)])


def in_parts(of_part: Callable[[tf.Tensor], Any], parts: tf.Tensor, signature: Any) -> Any:
    """What a function makes of each part, [parts, ...], stacked: a tensor or a tuple of them, as in `signature`.

    Each thread of the job has its share of the parts, one after the other, in a loop of its own: a single loop whose
    iterations may overlap leaves the second thread idle half of the time.
    """
    shares = [len(share) for share in np.array_split(np.arange(parts.shape[0]), parallel()) if len(share)]
    loops = [
        tf.map_fn(of_part, share, fn_output_signature=signature, parallel_iterations=1)
        for share in tf.split(parts, shares)
    ]
    return tf.nest.map_structure(lambda *results: tf.concat(results, 0), *loops)


def n_parts(n_tuples: int, tuple_length: int) -> int:
    """Equal parts that tuples are processed in: the fewest of at most `CHUNK` images each (or one tuple)."""
    largest = max(1, CHUNK // tuple_length)
    return next(n for n in range(1, n_tuples + 1) if n_tuples % n == 0 and n_tuples // n <= largest)
