"""Keras as its guides use it: `fit` over the NumPy samples of one window after the other."""

import keras
import numpy as np

from bench.worker import BATCH, EVALUATION, RATE, WINDOW


def make(d):
    """A compiled Sequential."""
    rng = np.random.default_rng(0)
    model = keras.Sequential([keras.Input((d,)), keras.layers.Dense(10 * d, "relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(RATE), "hinge", jit_compile=False)

    def sample(n):
        x = rng.choice(np.array([-1, 1], "float32"), size=(n, d))
        return x, x[:, : d // 2].prod(axis=1, keepdims=True)

    def train(windows):
        for _ in range(windows):
            model.fit(*sample(WINDOW * BATCH), batch_size=BATCH, shuffle=False, verbose=0)
            model.evaluate(*sample(EVALUATION), batch_size=EVALUATION, verbose=0)

    return train
