"""Random numbers in TensorFlow's graph that depend only on (seed, step) and their position.

The generator is Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), which
JAX also uses. It consists of additions, rotations and exclusive ors of 32-bit words, which XLA compiles to vector
instructions. TensorFlow's own generators are 7 to 50 times slower in a program that XLA compiles for the CPU, and some
of them return other numbers there than outside XLA (docs/decisions/engine.md).
"""

from __future__ import annotations

import math

import tensorflow as tf

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
_CENTRAL = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087),
    *(-0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
)
_TAIL = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773),
    *(-0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)

Words = tuple[tf.Tensor, tf.Tensor]


def threefry(key: Words, counter: Words) -> Words:
    """Return two words of 32 random bits per counter.

    Args:
        key: Two uint32 scalars.
        counter: Two uint32 tensors of one shape.

    Returns:
        Two uint32 tensors of the counter's shape.

    Reference:
        Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    keys = *key, key[0] ^ key[1] ^ tf.constant(_PARITY, tf.uint32)
    first, second = counter[0] + keys[0], counter[1] + keys[1]
    for group in range(5):
        for distance in ROTATIONS[group % 2]:
            first = first + second
            second = first ^ _rotated(second, distance)
        first = first + keys[(group + 1) % 3]
        second = second + keys[(group + 2) % 3] + tf.constant(group + 1, tf.uint32)
    return first, second


def _rotated(word: tf.Tensor, distance: int) -> tf.Tensor:
    """Rotate the bits of uint32 words to the left."""
    left = tf.bitwise.left_shift(word, tf.constant(distance, tf.uint32))
    return left | tf.bitwise.right_shift(word, tf.constant(32 - distance, tf.uint32))


def _words(value: tf.Tensor) -> Words:
    """Return the lower and the upper 32 bits of an int64."""
    value = tf.bitcast(tf.convert_to_tensor(value, tf.int64), tf.uint64)
    return tf.cast(value, tf.uint32), tf.cast(tf.bitwise.right_shift(value, tf.constant(32, tf.uint64)), tf.uint32)


def bits(shape: list[int], seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Draw words of 32 random bits.

    Args:
        shape: Shape of the result.
        seed: Seed of the stream, an int64 scalar.
        step: Training step, an int64 scalar.

    Returns:
        A uint32 tensor of this shape.
    """
    n = math.prod(shape)
    half = -(-n // 2)
    key = threefry(_words(seed), _words(step))
    counter = tf.bitcast(tf.range(half, dtype=tf.int32), tf.uint32)
    words = threefry(key, (counter, tf.zeros_like(counter)))
    return tf.reshape(tf.concat(words, 0)[:n], shape)


def integers(n: int, limit: int | tf.Tensor, seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Draw integers from 0 to limit - 1; their probabilities differ by a relative error of at most limit / 2^32.

    Args:
        n: Number of integers.
        limit: Number of possible values, at most 2^31.
        seed: Seed of the stream, an int64 scalar.
        step: Training step, an int64 scalar.

    Returns:
        An int32 tensor [n].
    """
    wide = tf.cast(bits([n], seed, step), tf.uint64) * tf.cast(limit, tf.uint64)
    return tf.cast(tf.bitwise.right_shift(wide, tf.constant(32, tf.uint64)), tf.int32)


def coins(shape: list[int], seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Draw fair coins; each takes one random bit.

    Args:
        shape: Shape of the result.
        seed: Seed of the stream, an int64 scalar.
        step: Training step, an int64 scalar.

    Returns:
        A float32 tensor of this shape with the values -1 and 1.
    """
    n = math.prod(shape)
    words = tf.bitcast(bits([-(-n // 32), 1], seed, step), tf.int32)
    flips = tf.bitwise.right_shift(words, tf.range(32)) & 1
    return tf.reshape(2.0 * tf.cast(tf.reshape(flips, [-1])[:n], tf.float32) - 1.0, shape)


def uniform(shape: list[int], seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Draw uniform numbers from (0, 1): odd multiples of 2^-24, which float32 represents exactly.

    Args:
        shape: Shape of the result.
        seed: Seed of the stream, an int64 scalar.
        step: Training step, an int64 scalar.

    Returns:
        A float32 tensor of this shape.
    """
    level = tf.bitcast(tf.bitwise.right_shift(bits(shape, seed, step), tf.constant(9, tf.uint32)), tf.int32)
    return (tf.cast(level, tf.float32) + 0.5) * 2.0**-23


def normal(shape: list[int], seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Draw standard normal numbers, as quantiles of uniform numbers; their absolute value is at most 5.3.

    Args:
        shape: Shape of the result.
        seed: Seed of the stream, an int64 scalar.
        step: Training step, an int64 scalar.

    Returns:
        A float32 tensor of this shape.
    """
    return math.sqrt(2.0) * inverse_erf(2.0 * uniform(shape, seed, step) - 1.0)


def inverse_erf(x: tf.Tensor) -> tf.Tensor:
    """Compute the inverse of the error function with a relative error of at most 3e-7.

    XLA's own implementation uses the same polynomials of log1p(-x^2), whose computation takes longer than all the rest.

    Args:
        x: Numbers in (-1, 1), float32.

    Returns:
        A float32 tensor of the same shape.

    Reference:
        Giles 2012, "Approximating the erfinv function".
    """
    w = -tf.math.log((1.0 - x) * (1.0 + x))
    central, tail = tf.math.polyval(list(_CENTRAL), w - 2.5), tf.math.polyval(list(_TAIL), tf.sqrt(w) - 3.0)
    return x * tf.where(w < 5.0, central, tail)
