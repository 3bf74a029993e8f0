"""Lines objective: batches of tuples, loss per method, gradients and evaluation (section 3.1).

Metrics:
    accuracy, loss: accuracy and hinge loss for the labels of the test tuples
    image_accuracy: share of single images whose label equals the sign of N1's score
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from failures.engine.losses import accuracy, hinge
from failures.engine.tensorflow_setup import parallel
from failures.engine.training import Objective
from failures.families.lines.problem import COLUMNS, SIZE, tuple_sign
from failures.families.lines.sparse_n1 import Matrices, matrices, scores

# Largest number of images per part; large parts have fewer distinct patches per image. Number of parts that threads can
# always compute at once.
CHUNK, PARTS = 400, 2


class LinesObjective(Objective):
    """Loss and evaluation on tuples of images.

    `assign` changes the tuples of a run without a new graph.

    Args:
        train: Packed training images, int32 [n, 29].
        test: Packed test images, int32 [m * k, 29] for m test tuples.
        n_tuples: Number of training tuples, which are read in order and repeatedly.
        tuple_length: Images per tuple, k.
        settings: `method` and `batch_size` of a validated block of `lines.learners`, and `conventions`.
    """

    metrics = ("accuracy", "loss", "image_accuracy")

    def __init__(self, train: np.ndarray, test: np.ndarray, n_tuples: int, tuple_length: int, settings: dict[str, Any]):
        self.tuple_length, self.n_tuples = tuple_length, n_tuples
        self.method, self.batch_size = settings["method"], settings["batch_size"]
        self.sign = float(tuple_sign(tuple_length, settings["conventions"]))
        self.train, self.test = tf.constant(train), tf.constant(test)
        self.start = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.parts = n_parts(self.batch_size, tuple_length)

    def assign(self, start: int) -> None:
        """Set the index of the training image at which the tuples begin."""
        self.start.assign(start)

    def batch(self, step: tf.Tensor) -> tf.Tensor:
        """Return the images of the batch of a step, one tuple after the other.

        Args:
            step: Training step, int64 scalar.

        Returns:
            Packed images, int32 [batch_size * k, 29].
        """
        tuples = (step * self.batch_size + tf.range(self.batch_size, dtype=tf.int64)) % self.n_tuples
        images = self.start + self.tuple_length * tuples[:, None] + tf.range(self.tuple_length, dtype=tf.int64)
        return tf.gather(self.train, tf.reshape(images % len(self.train), [-1]))

    def labels(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the labels of images and of their tuples.

        Args:
            images: Packed images, int32 [n * k, 29].

        Returns:
            Labels -1 and 1 of the images, float32 [n * k, 1], and of the tuples, float32 [n, 1].
        """
        labels = tf.cast(images[:, SIZE:], tf.float32)
        return labels, self.sign * tf.reduce_prod(tf.reshape(labels, [-1, self.tuple_length]), 1, keepdims=True)

    def predict(self, model: keras.Model, weights: Matrices, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Compute the scores of images and of their tuples.

        Args:
            model: Model of `failures.families.lines.networks.learner`.
            weights: Matrices of its N1.
            images: Packed images, int32 [n * k, 29].

        Returns:
            Scores of the images, [n * k, 1], and of the tuples, [n, 1].
        """
        single = scores(weights, images)
        return single, model.get_layer("n2")(tf.reshape(single, [-1, self.tuple_length]))

    def part(self, model: keras.Model, weights: Matrices, images: tf.Tensor) -> tf.Tensor:
        """Compute the loss of a part of a batch.

        The loss is the hinge loss of the tuples' labels. The decomposition adds the hinge loss of the images' labels.

        Args:
            model: Model of `failures.families.lines.networks.learner`.
            weights: Matrices of its N1.
            images: Packed images, int32 [n * k, 29].

        Returns:
            Mean loss, a scalar.
        """
        labels, tuples = self.labels(images)
        single, joint = self.predict(model, weights, images)
        loss = hinge(tuples, joint)
        return loss + hinge(labels, single) if self.method == "decomposition" else loss

    def loss(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the training loss of the batch of a step."""
        return self.part(model, matrices(model.get_layer("n1")), self.batch(step))

    def gradients(self, model: keras.Model, step: tf.Tensor) -> list[tf.Tensor]:
        """Compute the gradients of the loss, averaged over parts of the batch."""
        first, second = (
            [variable.value for variable in model.get_layer(name).trainable_variables] for name in ("n1", "n2")
        )
        with tf.GradientTape() as outer:
            outer.watch(first)
            weights = matrices(model.get_layer("n1"))
        n1_matrices = tf.nest.flatten(weights)
        variables = [*n1_matrices, *second]
        images = tf.reshape(self.batch(step), [self.parts, -1, COLUMNS])

        def part_gradients(images: tf.Tensor) -> list[tf.Tensor]:
            with tf.GradientTape() as inner:
                inner.watch(variables)
                loss = self.part(model, weights, images)
            return inner.gradient(loss, variables)

        pieces = mean_over_parts(part_gradients, images, variables)
        return [
            *outer.gradient(n1_matrices, first, output_gradients=pieces[: len(n1_matrices)]),
            *pieces[len(n1_matrices) :],
        ]

    def evaluate(self, model: keras.Model, step: tf.Tensor) -> tf.Tensor:
        """Compute the metrics on the test tuples."""
        weights, size = matrices(model.get_layer("n1")), len(self.test) // self.tuple_length
        parts = tf.reshape(self.test, [n_parts(size, self.tuple_length), -1, COLUMNS])
        single, joint = in_parts(lambda images: self.predict(model, weights, images), parts, (tf.float32, tf.float32))
        labels, tuples = self.labels(self.test)
        single, joint = tf.reshape(single, [-1, 1]), tf.reshape(joint, [-1, 1])
        return tf.stack([accuracy(tuples, joint), hinge(tuples, joint), accuracy(labels, single)])


def in_parts(function: Callable[[tf.Tensor], Any], parts: tf.Tensor, signature: Any) -> Any:
    """Apply a function to each part of a tensor and concatenate the results.

    Each thread of the job processes its share of the parts in a loop of its own. In a single loop with parallel
    iterations, the second thread is idle half of the time.

    Args:
        function: Function of one part.
        parts: Parts, [parts, ...].
        signature: Type of the function's result: a dtype or a tuple of dtypes.

    Returns:
        A tensor [parts, ...] or a tuple of tensors, as in `signature`.
    """
    shares = [len(share) for share in _shares(parts.shape[0])]
    loops = [
        tf.map_fn(function, share, fn_output_signature=signature, parallel_iterations=1)
        for share in tf.split(parts, shares)
    ]
    return tf.nest.map_structure(lambda *results: tf.concat(results, 0), *loops)


def mean_over_parts(
    function: Callable[[tf.Tensor], list[tf.Tensor]], parts: tf.Tensor, like: list[tf.Tensor]
) -> list[tf.Tensor]:
    """Average the results of a function over parts of a tensor.

    Each thread of the job has a loop of its own, as in `in_parts`. The results are added in the order of the parts, so
    that the number of threads does not change the mean.

    Args:
        function: Function of one part, which returns a list of tensors.
        parts: Parts, [parts, ...].
        like: Tensors of the dtypes and shapes of the function's results.

    Returns:
        Means, one tensor per result.
    """

    def write(index: tf.Tensor, *arrays: tf.TensorArray) -> tuple:
        return index + 1, *(
            array.write(index, value) for array, value in zip(arrays, function(parts[index]), strict=True)
        )

    n, results = parts.shape[0], []
    for share in _shares(n):
        arrays = [tf.TensorArray(value.dtype, n, element_shape=value.shape) for value in like]
        _, *arrays = tf.while_loop(
            lambda index, *_, end=share.stop: index < end, write, (share.start, *arrays), parallel_iterations=1
        )
        results += [[array.read(index) for array in arrays] for index in share]
    return [tf.add_n(result) / n for result in zip(*results, strict=True)]


def _shares(n: int) -> list[range]:
    """Divide the indices of parts among the threads of the job."""
    ends = [n * thread // parallel() for thread in range(parallel() + 1)]
    return [range(start, end) for start, end in pairwise(ends) if start < end]


def n_parts(n_tuples: int, tuple_length: int) -> int:
    """Return the number of equal parts in which tuples are processed.

    Args:
        n_tuples: Number of tuples.
        tuple_length: Images per tuple.

    Returns:
        The smallest divisor of `n_tuples` for which a part has at most `CHUNK` images, or one part per tuple. It is a
        multiple of `PARTS` if possible.
    """
    step = PARTS if n_tuples % PARTS == 0 else 1
    return next(
        n
        for n in range(step, n_tuples + 1, step)
        if n_tuples % n == 0 and n_tuples // n <= max(1, CHUNK // tuple_length)
    )
