#!/usr/bin/env bash
# Guess:   the maps of queries, keys and values of MultiHeadAttention start from different random weights. Keras copies the
#          initialiser for each of them, "so that we don't reuse the initializer instance, which could lead to same init
#          value".
# Truth:   with a seeded initialiser, they start from the same weights: the copies have the same seed. Every query then
#          equals the key at its position. Without a seed they differ.
# Seen:    keras 3.15.1, jax 0.10.2: query = key = value at the start with GlorotUniform(seed=0).
# Bites:   everyone who seeds the layers of a transformer one by one, for reproducible runs.
# Needs:   python3 (3.11 to 3.13) with venv. Exit 0: still so. Exit 1: the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2

cat >start.py <<'P'
import keras
import numpy as np


def start(initializer):
    layer = keras.layers.MultiHeadAttention(2, 4, kernel_initializer=initializer)
    layer.build((None, 5, 8), (None, 5, 8))
    maps = {weight.path.split("/")[-2]: np.array(weight) for weight in layer.weights if weight.path.endswith("kernel")}
    return [np.array_equal(maps["query"], maps[name]) for name in ("key", "value")]


seeded, unseeded = start(keras.initializers.GlorotUniform(seed=0)), start(keras.initializers.GlorotUniform())
print(f"queries start like keys and values: seeded {seeded}, without a seed {unseeded}")
assert seeded == [True, True] and unseeded == [False, False], "changed"
P
KERAS_BACKEND=jax venv/bin/python start.py
