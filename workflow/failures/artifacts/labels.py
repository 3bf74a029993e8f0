"""Names of learners for legends, panel titles and captions.

A label states no setting of a learner, such as its width or learning rate: an overlay may change it. Captions give the
defaults that a reader needs.
"""

from __future__ import annotations

# Labels that differ from the name with spaces for underscores. No two learners of a family have the same label.
_LABELS = {
    # Parities.
    "relu": "ReLU",
    "narrow": "narrow ReLU",
    "lemma_3": "ReLU, width of Lemma 3",
    "wide": "wide ReLU",
    "deep": "deep ReLU",
    "normalised": "layer-normalised",
    "quadratic": "quadratic features",
    "relu_adam": "ReLU, Adam",
    "deep_adam": "deep ReLU, Adam",
    "square": "squared loss",
    "hand_built": "ReLU, width d (constructed)",
    "he_relu": "plain ReLU",
    "tanh_ordered": "tanh, ordered phase",
    "tanh_chaotic": "tanh, chaotic phase",
    "he_residual": "residual ReLU",
    "he_normalised": "layer-normalised ReLU",
    # Linear-periodic targets.
    "relu_10d": "shallow ReLU",
    "tanh_deep": "deep tanh",
    # Lines, portfolios and step functions.
    "end_to_end": "end-to-end",
    "end_to_end_sgd": "end-to-end, SGD",
    "decomposition_sgd": "decomposition, SGD",
    # Curves.
    "conditioned": "conditioned convolution",
    "linear_conditioned": "conditioned linear",
    # Step functions.
    "non_flat": "non-flat approximation",
    "multiclass": "multi-class",
    "forward_only": "forward-only",
    "flat": "through u",
    "forward_only_sgd_slow": "forward-only, slow SGD",
    "forward_only_sgd": "forward-only, SGD",
    "forward_only_sgd_fast": "forward-only, fast SGD",
    # Optimisers.
    "sgd": "SGD",
    "momentum": "SGD with momentum",
    "adam": "Adam",
    "lion": "Lion",
    "muon": "Muon",
}


def learner_label(learner: str) -> str:
    """Return the label of a learner.

    Args:
        learner: Name in the configuration.

    Returns:
        Its label, such as "end-to-end" for end_to_end. A member of a grid, such as end_to_end_4, has the label of the
        grid and its value, "end-to-end 4". Other names are their own labels, with spaces for underscores.
    """
    stem, _, value = learner.rpartition("_")
    if learner not in _LABELS and stem in _LABELS and value.isdecimal():
        return f"{_LABELS[stem]} {value}"
    return _LABELS.get(learner, learner.replace("_", " "))
