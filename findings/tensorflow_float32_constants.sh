#!/usr/bin/env bash
# Guess:   activations of float64 tensors are accurate to about 1e-16.
# Truth:   leaky ReLU and the exact GELU are not. The op of leaky ReLU stores its slope as a float32 attribute. GELU casts
#          a Python constant, 1 / sqrt(2), by `tf.cast`, which makes a float32 tensor of it first.
# Seen:    tensorflow 2.21.0, keras 3.15.1. leaky_relu(-1, 0.2) is -0.20000000298023224 (relative error 1.5e-8), and
#          gelu(1) is 0.8413447419 instead of 0.8413447461 (relative error 4.9e-9).
# Bites:   comparisons with NumPy in float64, and finite differences of networks with these activations.
# Needs:   python3 (3.11 to 3.13) with venv. Exit 0: still so. Exit 1: the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet keras==3.15.1 tensorflow-cpu==2.21.0

cat >constants.py <<'P'
import math

import keras
import tensorflow as tf

one = tf.constant(1.0, tf.float64)
values = {
    "leaky_relu(-1)": (keras.activations.leaky_relu(-one, 0.2), -0.2),
    "gelu(1)": (keras.activations.gelu(one, approximate=False), (1 + math.erf(math.sqrt(0.5))) / 2),
}
for name, (value, exact) in values.items():
    error = abs(float(value) / exact - 1)
    print(f"{name:15s} {float(value):.17g}, exact {exact:.17g}, relative error {error:.1e}")
    assert value.dtype == tf.float64
    assert 1e-9 < error < 1e-7, "changed"
P
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 venv/bin/python constants.py 2>errors || { tail -n 3 errors; exit 1; }
