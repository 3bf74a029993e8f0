"""Gradients of single samples: g(x) = grad_w p_w(x) for every x, exactly, in float64.

Keras sums gradients over a batch, but one forward and one backward pass hold what each sample adds: the
inputs a(x) of every layer and the derivative delta(x) of the score by the layer's outputs. The gradient
by a dense layer's kernel is the outer product of the two and that by its bias is delta, so that

    ||grad p(x)||^2 = sum over layers of ||delta(x)||^2 (||a(x)||^2 + 1)

needs no gradient at all, and any block of weights can be had without the others. Layers of another kind
(convolutions, layer normalisation) are few in weights; their gradients are computed sample by sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

# Samples that a layer of an unknown kind is differentiated for at once.
CHUNK = 2**10


def in_precision(model: keras.Model, dtype: str) -> keras.Model:
    """A copy of a model that computes in `dtype` (float32, float64), with the same weights."""
    copy = keras.models.clone_model(
        model,
        input_tensors=keras.Input(batch_shape=model.input_shape, dtype=dtype, name="inputs"),
        clone_function=lambda layer: type(layer).from_config(layer.get_config() | {"dtype": dtype}),
    )
    copy.set_weights(model.get_weights())
    return copy


@dataclass(frozen=True)
class OuterProducts:
    """Gradients of a dense layer, as factors: inputs [n, a], with a last column of ones for the bias; deltas [n, b]."""

    inputs: np.ndarray
    deltas: np.ndarray

    def squared_norms(self) -> np.ndarray:
        """||gradient||^2 of every sample, [n]."""
        return np.square(self.inputs).sum(1) * np.square(self.deltas).sum(1)

    def blocks(self, n_columns: int) -> Iterator[np.ndarray]:
        """The gradients by all weights, [n, at most n_columns] at a time: whole rows of the kernel, or parts of one."""
        width = min(n_columns, self.deltas.shape[1])
        rows = n_columns // width
        for row in range(0, self.inputs.shape[1], rows):
            for column in range(0, self.deltas.shape[1], width):
                factors = self.inputs[:, row : row + rows, None], self.deltas[:, None, column : column + width]
                yield (factors[0] * factors[1]).reshape(len(self.inputs), -1)


@dataclass(frozen=True)
class FullGradients:
    """Gradients of a layer as they are, [n, weights]."""

    values: np.ndarray

    def squared_norms(self) -> np.ndarray:
        """||gradient||^2 of every sample, [n]."""
        return np.square(self.values).sum(1)

    def blocks(self, n_columns: int) -> Iterator[np.ndarray]:
        """The gradients by all weights, [n, at most n_columns] at a time."""
        for start in range(0, self.values.shape[1], n_columns):
            yield self.values[:, start : start + n_columns]


@dataclass(frozen=True)
class SampleGradients:
    """Scores p(x) of n inputs, [n], and their gradients, a part a layer."""

    scores: np.ndarray
    layers: tuple[OuterProducts | FullGradients, ...]

    def squared_norms(self) -> np.ndarray:
        """||grad p(x)||^2 of every input, [n]."""
        return sum(layer.squared_norms() for layer in self.layers)

    def blocks(self, n_columns: int) -> Iterator[np.ndarray]:
        """The gradients by all weights, [n, at most n_columns] at a time."""
        for layer in self.layers:
            yield from layer.blocks(n_columns)


def sample_gradients(model: keras.Model, inputs: np.ndarray) -> SampleGradients:
    """Gradients of the score p(x) of every input.

    model: a Sequential or Functional model [n, ...] -> [n, 1] in float64 (see `in_precision`).
    inputs: [n, ...]. Raises ValueError for batch normalisation, which mixes the samples of a batch.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            raise ValueError(
                f"layer '{layer.name}' normalises over the batch, so per-sample gradients are undefined; "
                "use layer normalisation or none"
            )
    weighted = [layer for layer in model.layers if layer.trainable_variables]
    taps = keras.Model(model.inputs, [(layer.input, layer.output) for layer in weighted] + model.outputs)
    x = tf.convert_to_tensor(inputs, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        *pairs, scores = taps(x, training=False)
    deltas = tape.gradient(scores, [after for _, after in pairs])
    parts = (_part(layer, before, delta) for layer, (before, _), delta in zip(weighted, pairs, deltas, strict=True))
    return SampleGradients(scores.numpy()[:, 0], tuple(parts))


def _part(layer: keras.Layer, before: tf.Tensor, delta: tf.Tensor) -> OuterProducts | FullGradients:
    """Gradients of one layer from its inputs and the derivative of the score by its outputs."""
    if isinstance(layer, keras.layers.Dense) and before.ndim == 2:
        return _dense(layer, before, delta)
    if isinstance(layer, keras.layers.LayerNormalization) and layer.axis in (-1, [-1], [before.ndim - 1]):
        return _normalization(layer, before, delta)
    if isinstance(layer, keras.layers.Conv1D) and _is_plain(layer):
        return _convolution(layer, before, delta)
    return _any_layer(layer, before, delta)


def _any_layer(layer: keras.Layer, before: tf.Tensor, delta: tf.Tensor) -> FullGradients:
    """The layer's own vector-Jacobian product, vectorised over samples; slow, and large in memory."""

    def one(sample: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            after = layer(sample[0][None])
        gradients = tape.gradient(after, layer.trainable_variables, output_gradients=sample[1][None])
        return tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], 0)

    vectorized = tf.function(lambda *pair: tf.vectorized_map(one, pair), autograph=False)
    chunks = range(0, len(before), CHUNK)
    return FullGradients(
        np.concatenate([vectorized(before[i : i + CHUNK], delta[i : i + CHUNK]).numpy() for i in chunks])
    )


def _dense(layer: keras.layers.Dense, before: tf.Tensor, delta: tf.Tensor) -> OuterProducts:
    sums = before @ layer.kernel.value + (layer.bias.value if layer.use_bias else 0.0)
    with tf.GradientTape() as tape:
        tape.watch(sums)
        after = layer.activation(sums)
    inputs = before.numpy()
    inputs = np.append(inputs, np.ones((len(inputs), 1)), 1) if layer.use_bias else inputs
    return OuterProducts(inputs, tape.gradient(after, sums, output_gradients=delta).numpy())


def _is_plain(layer: keras.layers.Conv1D) -> bool:
    settings = (layer.strides, layer.dilation_rate, layer.groups, layer.data_format, layer.activation)
    return settings == ((1,), (1,), 1, "channels_last", keras.activations.linear) and layer.padding != "causal"


def _convolution(layer: keras.layers.Conv1D, before: tf.Tensor, delta: tf.Tensor) -> FullGradients:
    """At every position, the outer product of what the taps see and delta; summed over positions."""
    n_taps, n_positions = layer.kernel_size[0], delta.shape[1]
    left = (n_taps - 1) // 2 if layer.padding == "same" else 0
    padded = tf.pad(before, [[0, 0], [left, n_positions + n_taps - 1 - left - before.shape[1]], [0, 0]])
    seen = tf.concat([padded[:, tap : tap + n_positions] for tap in range(n_taps)], 2)
    kernel = tf.reshape(tf.matmul(seen, delta, transpose_a=True), [len(before), -1])
    parts = [kernel, tf.reduce_sum(delta, 1)] if layer.use_bias else [kernel]
    return FullGradients(np.concatenate([part.numpy() for part in parts], axis=1))


def _normalization(layer: keras.layers.LayerNormalization, before: tf.Tensor, delta: tf.Tensor) -> FullGradients:
    bare = keras.layers.LayerNormalization(epsilon=layer.epsilon, center=False, scale=False, dtype=layer.dtype_policy)
    parts = [delta * bare(before)] * layer.scale + [delta] * layer.center
    inner = list(range(1, before.ndim - 1))
    return FullGradients(np.concatenate([tf.reduce_sum(part, inner).numpy() for part in parts], axis=1))
