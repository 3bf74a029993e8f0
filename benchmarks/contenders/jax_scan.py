"""JAX: a compiled `lax.scan` over the steps of a window, which also draws the samples; Adam is written out."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def make(row, arrays):
    """Return a jitted window of steps with its evaluation, and the number of weights."""
    key, data = jax.random.key(0), {name: jnp.asarray(array) for name, array in arrays.items()}
    initial, training, evaluation, loss_of = TASKS[row.family](row, data)
    weights = initial(jax.random.key(1))
    name, rate, beta_1, beta_2, epsilon = row.optimizer

    def sgd(state, gradients, step):
        return jax.tree.map(lambda w, g: w - rate * g, state[0], gradients), *state[1:]

    def adam(state, gradients, step):
        weights, means, squares = state
        means = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, means, gradients)
        squares = jax.tree.map(lambda s, g: beta_2 * s + (1 - beta_2) * g * g, squares, gradients)
        scaled = rate * jnp.sqrt(1 - beta_2 ** (step + 1.0)) / (1 - beta_1 ** (step + 1.0))
        moved = jax.tree.map(lambda w, m, s: w - scaled * m / (jnp.sqrt(s) + epsilon), weights, means, squares)
        return moved, means, squares

    def update(state, step):
        sample = training(jax.random.fold_in(key, step), step)
        gradients = jax.grad(loss_of)(state[0], *sample)
        return (adam if name == "Adam" else sgd)(state, gradients, step), None

    single = jax.jit(lambda state, step: update(state, step)[0], donate_argnums=0)

    def window(state, start):
        state, _ = lax.scan(update, state, start + jnp.arange(row.every))
        return state, loss_of(state[0], *evaluation(jax.random.fold_in(key, -1 - start)))

    def steps(state, start):
        for step in range(start, start + row.every):
            state = single(state, step)
        return state, measured(state[0], start)

    measured = jax.jit(lambda weights, start: loss_of(weights, *evaluation(jax.random.fold_in(key, -1 - start))))
    # On the CPU, convolutions of XLA are several times slower inside a loop.
    window = steps if row.family == "lines" else jax.jit(window, donate_argnums=0)
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state, done = (weights, zeros, jax.tree.map(jnp.zeros_like, weights)), 0

    def train(windows):
        nonlocal state, done
        for _ in range(windows):
            state, loss = window(state, done)
            done += row.every
        return float(loss)

    return train, sum(int(np.prod(weight.shape)) for weight in jax.tree.leaves(weights))


def _dense(key, *sizes):
    """Draw weights and biases of dense layers."""
    layers = []
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        drawn = jax.random.truncated_normal(jax.random.fold_in(key, index), -2.0, 2.0, (inputs, outputs))
        layers.append((drawn * inputs**-0.5, jnp.zeros(outputs)))
    return layers


def _apply(layers, hidden):
    """Apply dense layers with ReLU between them."""
    for index, (weights, bias) in enumerate(layers):
        hidden = hidden @ weights + bias
        hidden = jax.nn.relu(hidden) if index < len(layers) - 1 else hidden
    return hidden


def _hinge(labels, scores):
    return jax.nn.relu(1 - labels * scores).mean()


def _fresh(row, sample):
    """Return functions that draw fresh samples for training and evaluation."""
    return lambda key, step: sample(key, row.batch), lambda key: sample(key, row.problem["evaluation"])


def _parity(row, data):
    d, size = row.problem["n_features"], int(data["size"])

    def sample(key, n):
        x = jax.random.bernoulli(key, 0.5, (n, d)).astype(jnp.float32) * 2 - 1
        return x, x[:, :size].prod(axis=1, keepdims=True)

    return (lambda key: _dense(key, d, 10 * d, 1)), *_fresh(row, sample), lambda w, x, y: _hinge(y, _apply(w, x))


def _portfolio(row, data):
    d, k = row.problem["n_features"], row.problem["n_stocks"]

    def sample(key, n):
        first, second = jax.random.split(key)
        states = jax.random.randint(first, (n,), 0, d)
        rewards = jax.random.bernoulli(second, 0.5, (n, k)).astype(jnp.float32) * 2 - 1
        return states, jnp.where(jnp.arange(k) == data["labels"][states][:, None], 1.0, rewards)

    def loss(weights, states, rewards):
        ((table, bias),) = weights
        return -(rewards * jax.nn.softmax(table[states] + bias)).sum() / len(states)

    return (lambda key: _dense(key, d, k)), *_fresh(row, sample), loss


def _curves(row, data):
    n_points, kind = row.problem["n_points"], row.learner["architecture"]
    sizes = (n_points, 500, 100, 2 * row.problem["n_pieces"], 100, 100, n_points)

    def initial(key):
        if kind == "autoencoder":
            return _dense(key, *sizes)
        return jnp.zeros((n_points, n_points) if kind == "linear" else 3)

    def training(key, step):
        chosen = jax.random.randint(key, (row.batch,), 0, len(data["curves"]))
        return data["curves"][chosen], data["changes"][chosen]

    def loss(weights, curves, changes):
        if kind == "linear":
            return ((curves @ weights - changes) ** 2).sum(axis=1).mean()
        if kind == "convolution":
            taps = data["root"] @ weights if row.learner["conditioned"] else weights
            outputs = taps[0] * curves[:, 2:] + taps[1] * curves[:, 1:-1] + taps[2] * curves[:, :-2]
            return ((outputs - changes[:, 2:]) ** 2).sum() / curves.size
        return ((_apply(weights, curves) - curves) ** 2).mean()

    return initial, training, lambda key: (data["validation_curves"], data["validation_changes"]), loss


def _steps(row, data):
    d, width, kind = row.problem["n_features"], row.learner["width"], row.learner["kind"]
    sizes = {"end_to_end": [width] * 3 + [1], "multiclass": [width] * 2 + [row.learner["n_logits"]]}.get(kind, [1])
    z = data["z"]
    heights = jnp.diff(z)

    def step_index(r):
        return jnp.maximum(jnp.searchsorted(z, r, side="right") - 1, 0)

    def sample(key, n):
        x = row.problem["input_scale"] * jax.random.normal(key, (n, d))
        index = step_index(x @ data["direction"] + data["bias"])
        return x, index if kind == "multiclass" else z[index]

    def loss(weights, x, y):
        outputs = _apply(weights, x)
        if kind == "multiclass":
            return -jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], axis=1).mean()
        if kind == "non_flat":
            inside = row.learner["slope"] / heights * (outputs - z[1:] + row.learner["shift"] * heights)
            return ((z[0] + jax.nn.sigmoid(inside) @ heights - y) ** 2).mean()
        outputs = outputs[:, 0]
        if kind == "forward_only":
            outputs = outputs + lax.stop_gradient(z[step_index(outputs)] - outputs)
        return ((outputs - y) ** 2).mean()

    return (lambda key: _dense(key, d, *sizes)), *_fresh(row, sample), loss


def _lines(row, data):
    k, n_tuples = row.problem["tuple_length"], len(data["train_labels"]) // row.problem["tuple_length"]
    sign = -1 if k % 2 == 0 else 1
    images = {name: data[f"{name}_images"].astype(jnp.float32) for name in ("train", "test")}
    labels = {name: sign * data[f"{name}_labels"].reshape(-1, k).prod(axis=1, keepdims=True) for name in images}

    def initial(key):
        shapes, stds = ((5, 5, 1, 16), (5, 5, 16, 16)), (28**-0.5, 0.25)
        filters = [
            (jax.random.normal(key, shape) * std, jnp.zeros(16)) for shape, std in zip(shapes, stds, strict=True)
        ]
        return {"filters": filters, "n1": _dense(key, 784, 50, 100, 1), "n2": _dense(key, k, 100, 1)}

    def training(key, step):
        start = step % (n_tuples // row.batch) * row.batch
        batch = lax.dynamic_slice_in_dim(images["train"], start * k, row.batch * k)
        return batch, lax.dynamic_slice_in_dim(labels["train"], start, row.batch)

    def loss(weights, hidden, labels):
        for kernel, bias in weights["filters"]:
            hidden = lax.conv_general_dilated(
                hidden, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            n, height, width, filters = hidden.shape
            # Much faster on the CPU, with its gradient, than a maximum over windows by `lax.reduce_window`.
            hidden = (hidden + bias).reshape(n, height // 2, 2, width // 2, 2, filters).max(axis=(2, 4))
        scores = _apply(weights["n1"], hidden.reshape(len(hidden), -1))
        return _hinge(labels, _apply(weights["n2"], jax.nn.sigmoid(scores.reshape(-1, k))))

    return initial, training, lambda key: (images["test"], labels["test"]), loss


TASKS = {"parity": _parity, "portfolio": _portfolio, "curves": _curves, "steps": _steps, "lines": _lines}
