#!/usr/bin/env bash
# Guess:   an LSTM without dropout has no random state: with seeded initialisers, two of them are equal in every variable,
#          and a saved network has the same bytes in every run.
# Truth:   every LSTM has a seed for its dropout among its variables, also if it has no dropout. Without the argument
#          `seed` it is drawn from Python's random module, and saved with the network. Layers of dropout and attention
#          have such a variable only if they drop.
# Seen:    keras 3.15.1, jax 0.10.2: two LSTMs with seeded initialisers have equal weights and different variables.
# Bites:   everyone who compares saved networks by their bytes or hashes.
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


def variables(**arguments):
    start = keras.initializers.GlorotUniform(seed=0)
    layer = keras.layers.LSTM(3, kernel_initializer=start, recurrent_initializer=start, **arguments)
    layer.build((None, 5, 2))
    return layer.variables, layer.weights


def same(left, right):
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


(first, first_weights), (second, second_weights) = variables(), variables()
print(f"weights equal: {same(first_weights, second_weights)}, variables equal: {same(first, second)}")
assert same(first_weights, second_weights) and not same(first, second), "changed"
assert same(variables(seed=1)[0], variables(seed=1)[0]), "changed"
P
KERAS_BACKEND=jax venv/bin/python start.py
