#!/usr/bin/env bash
# Guess:   a Keras optimiser makes the same updates with every backend, up to rounding.
# Truth:   ScheduleFreeAdamW does not. The method takes gradients at y = 0.1 z + 0.9 x, a mix of the iterate z and the
#          average x of the iterates. With JAX the weights are y. With TensorFlow they are x: the optimiser keeps the
#          old z as `momentum.value`, which in TensorFlow is the variable itself, and reads it after the update.
#          With TensorFlow it therefore takes its gradients at the average, which is another method.
# Seen:    keras 3.15.1, tensorflow 2.21.0, jax 0.10.2. Five steps of 0.1 with a constant gradient:
#          TensorFlow ends at -0.300 (x), JAX at -0.320 (y).
# Bites:   everyone who compares backends, or compares this optimiser with its paper (Defazio et al. 2024) on TensorFlow.
# Needs:   python3 (3.11 to 3.13) with venv. Exit 0: still so. Exit 1: the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2 jaxlib==0.10.2

cat >step.py <<'P'
import keras
import numpy as np

STEPS, RATE, MIX = 5, 0.1, 0.9


class Constant(keras.losses.Loss):
    """Loss whose gradient with respect to the prediction is 1."""

    def call(self, y_true, y_pred):
        return y_pred


model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
optimizer = keras.optimizers.ScheduleFreeAdamW(learning_rate=RATE, beta_1=MIX, epsilon=0.0, warmup_steps=0)
model.compile(optimizer=optimizer, loss=Constant(), jit_compile=False)
ones = np.ones((STEPS, 1), "float32")
model.fit(ones, ones, batch_size=1, epochs=1, verbose=0)

z = x = 0.0
for step in range(1, STEPS + 1):
    z -= RATE  # Adam's step for a constant gradient
    x += (z - x) / step
y = (1 - MIX) * z + MIX * x
weight = float(model.get_weights()[0][0, 0])
print(f"{keras.backend.backend():10s} weight {weight:.4f}; the average x {x:.4f}, the training point y {y:.4f}")
expected = {"tensorflow": x, "jax": y}[keras.backend.backend()]
assert abs(weight - expected) < 1e-4, "changed"
P
for backend in tensorflow jax; do
    KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 venv/bin/python step.py 2>errors || { tail -n 3 errors; exit 1; }
done
