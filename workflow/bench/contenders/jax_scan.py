"""JAX: a compiled `lax.scan` over the steps of a window."""

import jax
import jax.numpy as jnp

from bench.worker import BATCH, EVALUATION, RATE, WINDOW


def make(d):
    """A jitted window of steps and its evaluation."""
    key = jax.random.key(0)
    weights = {
        "w1": jax.random.truncated_normal(key, -2.0, 2.0, (d, 10 * d)) * d**-0.5,
        "b1": jnp.zeros(10 * d),
        "w2": jax.random.truncated_normal(key, -2.0, 2.0, (10 * d, 1)) * (10 * d) ** -0.5,
        "b2": jnp.zeros(1),
    }

    def loss_of(weights, key, n):
        x = jax.random.bernoulli(key, 0.5, (n, d)).astype(jnp.float32) * 2 - 1
        y = x[:, : d // 2].prod(axis=1, keepdims=True)
        scores = jax.nn.relu(x @ weights["w1"] + weights["b1"]) @ weights["w2"] + weights["b2"]
        return jax.nn.relu(1 - y * scores).mean()

    def update(weights, step):
        gradients = jax.grad(loss_of)(weights, jax.random.fold_in(key, step), BATCH)
        return jax.tree.map(lambda w, g: w - RATE * g, weights, gradients), None

    @jax.jit
    def window(weights, start):
        weights, _ = jax.lax.scan(update, weights, start + jnp.arange(WINDOW))
        return weights, loss_of(weights, jax.random.fold_in(key, -1 - start), EVALUATION)

    done = 0

    def train(windows):
        nonlocal weights, done
        for _ in range(windows):
            weights, loss = window(weights, done)
            done += WINDOW
        loss.block_until_ready()

    return train
