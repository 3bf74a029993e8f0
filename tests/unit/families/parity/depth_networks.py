"""Learners whose gradient signal is followed over depth, and the cube of their inputs."""

import math

import numpy as np

HE = {
    "architecture": "fully_connected",
    "width": 8,
    "activation": "relu",
    "normalization": "none",
    "initial_weights": math.sqrt(2),
    "initial_biases": 0.0,
    "branch_scale": "one",
}

LEARNERS = {
    "he_relu": HE,
    "tanh_ordered": HE | {"activation": "tanh", "initial_weights": 1.0, "initial_biases": 0.3},
    "tanh_chaotic": HE | {"activation": "tanh", "initial_weights": 2.0, "initial_biases": 0.3},
    "he_residual": HE | {"architecture": "residual", "branch_scale": "depth"},
    "he_normalised": HE | {"normalization": "layer"},
}


def cube(d):
    return 1.0 - 2.0 * (np.arange(2**d)[:, None] >> np.arange(d) & 1)


def distances(d):
    return ((cube(d)[:, None] != cube(d)).sum(2)).astype(int)
