"""Per-sample gradients: g(x) = grad_w p_w(x) for every input x, exact, in float64.

Keras sums gradients over a batch, but one forward and one backward pass contain the contribution of each sample: the
inputs a(x) of every layer, and the derivative delta(x) of the score with respect to the layer's outputs. For a dense
layer, the gradient with respect to the kernel is the outer product of a(x) and delta(x); with respect to the bias it is
delta(x). Hence

    ||grad p(x)||^2 = sum over layers of ||delta(x)||^2 (||a(x)||^2 + 1)

requires no gradient, and each block of weights can be computed without the others. Convolutions and layer normalisation
have few weights; their gradients are computed in full. Any other layer is differentiated sample by sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

# Samples per vectorised differentiation of a layer without a closed form.
CHUNK = 2**10


def in_precision(model: keras.Model, dtype: str) -> keras.Model:
    """Return a copy of a model that computes in another precision.

    Args:
        model: A built model.
        dtype: ``"float32"`` or ``"float64"``.

    Returns:
        A model with the same architecture and the same weights.
    """
    copy = keras.models.clone_model(
        model,
        input_tensors=keras.Input(batch_shape=model.input_shape, dtype=dtype, name="inputs"),
        clone_function=lambda layer: type(layer).from_config(layer.get_config() | {"dtype": dtype}),
    )
    copy.set_weights(model.get_weights())
    return copy


@dataclass(frozen=True)
class OuterProducts:
    """Per-sample gradients of a dense layer, stored as factors.

    Attributes:
        inputs: Inputs of the layer [n, a]; the last column is 1 if the layer has a bias.
        deltas: Derivatives of the score with respect to the outputs before the activation [n, b].
    """

    inputs: np.ndarray
    deltas: np.ndarray

    def squared_norms(self) -> np.ndarray:
        """Return ||gradient||^2 of every sample, [n]."""
        return np.square(self.inputs).sum(1) * np.square(self.deltas).sum(1)

    def blocks(self, n_columns: int) -> Iterator[np.ndarray]:
        """Yield the gradients block by block; a block is several rows of the kernel, or a part of one row.

        Args:
            n_columns: Largest number of weights per block.

        Yields:
            Gradients [n, at most n_columns].
        """
        width = min(n_columns, self.deltas.shape[1])
        rows = n_columns // width
        for row in range(0, self.inputs.shape[1], rows):
            for column in range(0, self.deltas.shape[1], width):
                factors = self.inputs[:, row : row + rows, None], self.deltas[:, None, column : column + width]
                yield (factors[0] * factors[1]).reshape(len(self.inputs), -1)


@dataclass(frozen=True)
class FullGradients:
    """Per-sample gradients of a layer, stored in full.

    Attributes:
        values: Gradients [n, weights].
    """

    values: np.ndarray

    def squared_norms(self) -> np.ndarray:
        """Return ||gradient||^2 of every sample, [n]."""
        return np.square(self.values).sum(1)

    def blocks(self, n_columns: int) -> Iterator[np.ndarray]:
        """Yield the gradients block by block, [n, at most n_columns].

        Args:
            n_columns: Largest number of weights per block.
        """
        for start in range(0, self.values.shape[1], n_columns):
            yield self.values[:, start : start + n_columns]


@dataclass(frozen=True)
class SampleGradients:
    """Scores of n inputs and their gradients.

    Attributes:
        scores: Scores p(x), [n].
        layers: Gradients of each layer that has weights, in the order of the model.
    """

    scores: np.ndarray
    layers: tuple[OuterProducts | FullGradients, ...]

    def squared_norms(self) -> np.ndarray:
        """Return ||grad p(x)||^2 of every input, [n]."""
        return sum(layer.squared_norms() for layer in self.layers)

    def blocks(self, n_columns: int) -> Iterator[np.ndarray]:
        """Yield the gradients with respect to all weights block by block, [n, at most n_columns].

        Args:
            n_columns: Largest number of weights per block.
        """
        for layer in self.layers:
            yield from layer.blocks(n_columns)


def sample_gradients(model: keras.Model, inputs: np.ndarray) -> SampleGradients:
    """Compute the score of every input and its gradient with respect to the weights.

    Args:
        model: Sequential or Functional model [n, ...] -> [n, 1] in float64 (see `in_precision`).
        inputs: Inputs [n, ...].

    Returns:
        Scores and gradients.

    Raises:
        ValueError: A layer applies batch normalisation, which mixes the samples of a batch.
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
    """Return the gradients of one layer from its inputs and the derivative of the score with respect to its outputs."""
    if isinstance(layer, keras.layers.Dense) and before.ndim == 2:
        return _dense(layer, before, delta)
    if isinstance(layer, keras.layers.LayerNormalization) and layer.axis in (-1, [-1], [before.ndim - 1]):
        return _normalization(layer, before, delta)
    if isinstance(layer, keras.layers.Conv1D) and _is_plain(layer):
        return _convolution(layer, before, delta)
    return _any_layer(layer, before, delta)


def _any_layer(layer: keras.Layer, before: tf.Tensor, delta: tf.Tensor) -> FullGradients:
    """Compute the vector-Jacobian product of a layer, vectorised over samples; slow and memory-intensive."""

    def sample_gradient(sample: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            after = layer(sample[0][None])
        gradients = tape.gradient(after, layer.trainable_variables, output_gradients=sample[1][None])
        return tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], 0)

    vectorized = tf.function(lambda *pair: tf.vectorized_map(sample_gradient, pair), autograph=False)
    chunks = range(0, len(before), CHUNK)
    return FullGradients(
        np.concatenate([vectorized(before[i : i + CHUNK], delta[i : i + CHUNK]).numpy() for i in chunks])
    )


def _dense(layer: keras.layers.Dense, before: tf.Tensor, delta: tf.Tensor) -> OuterProducts:
    """Return the factors of the gradients of a dense layer."""
    sums = before @ layer.kernel.value + (layer.bias.value if layer.use_bias else 0.0)
    with tf.GradientTape() as tape:
        tape.watch(sums)
        after = layer.activation(sums)
    inputs = before.numpy()
    inputs = np.append(inputs, np.ones((len(inputs), 1)), 1) if layer.use_bias else inputs
    return OuterProducts(inputs, tape.gradient(after, sums, output_gradients=delta).numpy())


def _is_plain(layer: keras.layers.Conv1D) -> bool:
    """Return whether a convolution has the settings that `_convolution` supports."""
    settings = (layer.strides, layer.dilation_rate, layer.groups, layer.data_format, layer.activation)
    return settings == ((1,), (1,), 1, "channels_last", keras.activations.linear) and layer.padding != "causal"


def _convolution(layer: keras.layers.Conv1D, before: tf.Tensor, delta: tf.Tensor) -> FullGradients:
    """Compute the gradients of a convolution: outer products of its patches and delta, summed over positions."""
    n_taps, n_positions = layer.kernel_size[0], delta.shape[1]
    left = (n_taps - 1) // 2 if layer.padding == "same" else 0
    padded = tf.pad(before, [[0, 0], [left, n_positions + n_taps - 1 - left - before.shape[1]], [0, 0]])
    patches = tf.concat([padded[:, tap : tap + n_positions] for tap in range(n_taps)], 2)
    kernel = tf.reshape(tf.matmul(patches, delta, transpose_a=True), [len(before), -1])
    parts = [kernel, tf.reduce_sum(delta, 1)] if layer.use_bias else [kernel]
    return FullGradients(np.concatenate([part.numpy() for part in parts], axis=1))


def _normalization(layer: keras.layers.LayerNormalization, before: tf.Tensor, delta: tf.Tensor) -> FullGradients:
    """Compute the gradients with respect to scale and shift of a layer normalisation."""
    bare = keras.layers.LayerNormalization(epsilon=layer.epsilon, center=False, scale=False, dtype=layer.dtype_policy)
    parts = [delta * bare(before)] * layer.scale + [delta] * layer.center
    inner = list(range(1, before.ndim - 1))
    return FullGradients(np.concatenate([tf.reduce_sum(part, inner).numpy() for part in parts], axis=1))
