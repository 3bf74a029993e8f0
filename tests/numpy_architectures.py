"""Forward passes of the architectures in NumPy, with tanh: for each architecture a function with its name.

A function takes the settings of the learner, the weights of the network as a list, from which it removes those that it
uses, and inputs [n, d]. It returns the last hidden layer, [n, m].
"""

import numpy as np


def dense(settings, weights, h):
    """A dense layer with the normalisation of the settings and tanh."""
    h = h @ weights.pop(0) + weights.pop(0)
    if settings["normalization"] == "layer":
        h = (h - h.mean(1, keepdims=True)) / np.sqrt(h.var(1, keepdims=True) + 1e-3)
        h = h * weights.pop(0) + weights.pop(0)
    return np.tanh(h)


def fully_connected(settings, weights, x):
    for _ in range(settings["depth"]):
        x = dense(settings, weights, x)
    return x


def residual(settings, weights, x):
    scale = settings["depth"] if settings["branch_scale"] == "depth" else 1
    for layer in range(settings["depth"]):
        h = dense(settings, weights, x)
        x = x + h / scale if layer else h
    return x


def convolutional(settings, weights, x):
    n_features, x = x.shape[1], x[:, :, None]
    for _ in range(settings["depth"]):
        taps, bias = weights.pop(0), weights.pop(0)
        h = np.pad(x, [(0, 0), (1, 1), (0, 0)])
        x = sum(h[:, tap : tap + n_features] @ taps[tap] for tap in range(3)) + bias
        if settings["normalization"] == "layer":
            x = (x - x.mean(2, keepdims=True)) / np.sqrt(x.var(2, keepdims=True) + 1e-3)
            x = x * weights.pop(0) + weights.pop(0)
        x = np.tanh(x)
    return x.reshape(len(x), -1)


def quadratic(settings, weights, x):
    products = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    return fully_connected(settings, weights, np.concatenate([x, products], axis=1))
