"""A parity learnt from other inputs than uniform ones: in half of the samples all relevant bits are equal.

Under uniform inputs no single bit, nor any few of them, says anything of the label. Where all relevant bits are
equal, they stand out: they agree with one another, and with the label if their number is odd, so that the first
gradients find them (Daniely and Malach 2020, "Learning parities with neural networks").
"""

from __future__ import annotations

import tensorflow as tf

from failures.engine.sampling import bits
from failures.engine.seeding import DATA, NOISE
from failures.families.parity.objective import ParityObjective


class MixedObjective(ParityObjective):
    """Trains on the mixture; evaluates on uniform inputs, as every other parity is.

    The samples that are left as they are have the inputs that the same stream gives without the mixture.
    """

    def draw(self, n: int | str, purpose: str, step: tf.Tensor) -> tf.Tensor:
        """Packed bits, int32 [n, n_words]: of the mixture where they are for training, uniform elsewhere."""
        uniform = super().draw(n, purpose, step)
        if purpose != DATA:
            return uniform
        coins = tf.bitcast(bits([n, 1], self.seeds[NOISE], step), tf.int32)
        common = tf.where(coins & 2 > 0, self.mask, 0)
        equal = (uniform & tf.bitwise.invert(self.mask)) | common
        return tf.where(coins & 1 > 0, equal, uniform)
