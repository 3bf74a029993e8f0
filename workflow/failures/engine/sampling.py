"""Random numbers in TensorFlow's graph that depend on a key alone: (seed, step) and their place.

The generator is Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"),
which JAX uses, too: additions, rotations and exclusive ors of 32 bits, which XLA turns into vector instructions.
TensorFlow's own generators are seven to fifty times as slow in a program that XLA compiles for the CPU
(docs/decisions/engine.md), and some of them draw other numbers there than outside of it.
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
    """Two words of 32 random bits for each counter, uint32 of the counter's shape. key: two uint32 scalars."""
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
    left = tf.bitwise.left_shift(word, tf.constant(distance, tf.uint32))
    return left | tf.bitwise.right_shift(word, tf.constant(32 - distance, tf.uint32))


def _words(value: tf.Tensor) -> Words:
    """The two halves of an int64, of which the cast to 32 bits keeps the lower."""
    value = tf.bitcast(tf.convert_to_tensor(value, tf.int64), tf.uint64)
    return tf.cast(value, tf.uint32), tf.cast(tf.bitwise.right_shift(value, tf.constant(32, tf.uint64)), tf.uint32)


def bits(shape: list[int], seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Words of 32 random bits, uint32 of this shape. seed, step: int64 scalars."""
    n = math.prod(shape)
    half = -(-n // 2)
    key = threefry(_words(seed), _words(step))
    counter = tf.bitcast(tf.range(half, dtype=tf.int32), tf.uint32)
    words = threefry(key, (counter, tf.zeros_like(counter)))
    return tf.reshape(tf.concat(words, 0)[:n], shape)


def integers(n: int, limit: int | tf.Tensor, seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """n whole numbers from 0 to limit - 1 (limit up to 2^31), int32 [n]; their odds differ by limit / 2^32 at most."""
    wide = tf.cast(bits([n], seed, step), tf.uint64) * tf.cast(limit, tf.uint64)
    return tf.cast(tf.bitwise.right_shift(wide, tf.constant(32, tf.uint64)), tf.int32)


def coins(shape: list[int], seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Fair coins, float32 of this shape with the values -1 and 1; each takes one bit."""
    n = math.prod(shape)
    words = tf.bitcast(bits([-(-n // 32), 1], seed, step), tf.int32)
    flips = tf.bitwise.right_shift(words, tf.range(32)) & 1
    return tf.reshape(2.0 * tf.cast(tf.reshape(flips, [-1])[:n], tf.float32) - 1.0, shape)


def uniform(shape: list[int], seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Odd multiples of 2^-24 between 0 and 1, which float32 holds exactly, of this shape."""
    level = tf.bitcast(tf.bitwise.right_shift(bits(shape, seed, step), tf.constant(9, tf.uint32)), tf.int32)
    return (tf.cast(level, tf.float32) + 0.5) * 2.0**-23


def normal(shape: list[int], seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Standard normal numbers, float32 of this shape: the quantiles of uniform ones, up to 5.3."""
    return math.sqrt(2.0) * inverse_erf(2.0 * uniform(shape, seed, step) - 1.0)


def inverse_erf(x: tf.Tensor) -> tf.Tensor:
    """Inverse of the error function between -1 and 1, float32, by the polynomials of Giles 2012, "Approximating the
    erfinv function"; relative error 3e-7.

    XLA's own has the same polynomials of log1p(-x^2), which takes longer than all the rest.
    """
    w = -tf.math.log((1.0 - x) * (1.0 + x))
    central, tail = tf.math.polyval(list(_CENTRAL), w - 2.5), tf.math.polyval(list(_TAIL), tf.sqrt(w) - 3.0)
    return x * tf.where(w < 5.0, central, tail)
