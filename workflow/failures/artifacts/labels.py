"""Readable names of the learners of the configuration, for figures and their captions."""

from __future__ import annotations

_LEARNERS = {
    # Parities.
    "relu": "ReLU, width 10d",
    "narrow": "ReLU, width d",
    "lemma_3": "ReLU, width 48 (Lemma 3)",
    "wide": "ReLU, width 1000",
    "deep": "ReLU, 4 layers of 64",
    "tanh": "tanh, width 10d",
    "residual": "residual, 4 layers of 64",
    "normalised": "layer-normalised, 2 layers of 64",
    "convolutional": "convolutional",
    "quadratic": "quadratic features",
    "relu_adam": "ReLU, width 10d, Adam",
    "deep_adam": "ReLU, 4 layers of 64, Adam",
    "square": "ReLU, squared loss",
    "fast": "ReLU, learning rate 0.1",
    "hand_built": "ReLU, width d (constructed)",
    "he_relu": "ReLU",
    "tanh_ordered": "tanh, ordered phase",
    "tanh_chaotic": "tanh, chaotic phase",
    "he_residual": "residual ReLU",
    "he_normalised": "layer-normalised ReLU",
    # Linear-periodic targets.
    "relu_10d": "ReLU, width 10d",
    "tanh_deep": "tanh, 3 layers",
    # Lines and portfolios.
    "end_to_end": "end-to-end",
    "decomposition": "decomposition",
    "end_to_end_1": "end-to-end, 1 residual block",
    "end_to_end_4": "end-to-end, 4 residual blocks",
    "end_to_end_sgd": "end-to-end, SGD",
    "decomposition_sgd": "decomposition, SGD",
    # Curves.
    "linear": "linear",
    "conditioned": "conditioned convolution",
    "linear_conditioned": "conditioned linear",
    "autoencoder": "autoencoder",
    # Step functions.
    "non_flat": "non-flat approximation",
    "multiclass": "multi-class",
    "forward_only": "forward-only",
    "flat": "through u",
    "forward_only_sgd_slow": "SGD, rate 0.001",
    "forward_only_sgd": "SGD, rate 0.01",
    "forward_only_sgd_fast": "SGD, rate 0.1",
    # Optimisers.
    "sgd": "SGD",
    "momentum": "SGD with momentum",
    "adam": "Adam",
    "lion": "Lion",
    "muon": "Muon",
}


def learner_label(learner: str) -> str:
    """Name of a learner for a legend; a learner of the user's own has its key, with spaces for underscores."""
    return _LEARNERS.get(learner, learner.replace("_", " "))
