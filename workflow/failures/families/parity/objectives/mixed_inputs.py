"""Parities with mixed training inputs: in half of the samples, all relevant bits are equal (Daniely and Malach 2020).

Under uniform inputs, small sets of bits carry no information about the label. If all relevant bits are equal, they are
correlated with one another, and with the label if their number is odd. The first gradients then identify them.

Reference:
    Daniely and Malach 2020, "Learning parities with neural networks".
"""

from __future__ import annotations

import tensorflow as tf

from failures.engine.sampling import bits
from failures.engine.seeding import DATA, NOISE
from failures.families.parity.objective import ParityObjective


class MixedObjective(ParityObjective):
    """Parity that is trained on the mixture and evaluated on uniform inputs.

    The uniform half of the samples equals the samples that the same stream gives without the mixture.
    """

    def draw(self, n: int | str, purpose: str, step: tf.Tensor) -> tf.Tensor:
        """Draw packed inputs: from the mixture for training, uniform otherwise.

        Args:
            n: Number of inputs.
            purpose: Random stream; DATA selects the mixture.
            step: Training step, an int64 scalar.

        Returns:
            An int32 tensor [n, n_words].
        """
        uniform = super().draw(n, purpose, step)
        if purpose != DATA:
            return uniform
        coins = tf.bitcast(bits([n, 1], self.seeds[NOISE], step), tf.int32)
        common = tf.where(coins & 2 > 0, self.mask, 0)
        equal = (uniform & tf.bitwise.invert(self.mask)) | common
        return tf.where(coins & 1 > 0, equal, uniform)
