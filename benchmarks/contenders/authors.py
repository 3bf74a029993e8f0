"""The authors' style: a static graph, a session, and samples from NumPy in every step."""

import numpy as np
import tensorflow.compat.v1 as tf

from benchmarks.samples import sampler


def make(row, arrays):
    """Return a loop that feeds a session one batch per step, and the number of weights."""
    samples = sampler(row, arrays)
    with tf.Graph().as_default() as graph:
        inputs, labels = (
            tf.placeholder(tf.float32 if part.dtype.kind == "f" else tf.int64, [None, *part.shape[1:]])
            for part in samples.evaluation()
        )
        loss = LOSSES[row.family](row, arrays, inputs, labels)
        step = _optimizer(row).minimize(loss)
        session = tf.Session(graph=graph)
        session.run(tf.global_variables_initializer())
        n_parameters = sum(int(np.prod(variable.shape)) for variable in tf.trainable_variables())

    def feed(values):
        return dict(zip((inputs, labels), values, strict=True))

    def train(windows):
        for _ in range(windows):
            for _ in range(row.every):
                session.run(step, feed(samples.training(row.batch)))
            value = session.run(loss, feed(samples.evaluation()))
        return float(value)

    return train, n_parameters


def _optimizer(row):
    name, rate, *adam = row.optimizer
    return tf.train.AdamOptimizer(rate, *adam) if name == "Adam" else tf.train.GradientDescentOptimizer(rate)


def _dense(inputs, units):
    fan_in = int(inputs.shape[-1])
    weights = tf.Variable(tf.truncated_normal([fan_in, units], stddev=fan_in**-0.5))
    return inputs @ weights + tf.Variable(tf.zeros([units]))


def _hidden(inputs, *widths):
    for width in widths:
        inputs = tf.nn.relu(_dense(inputs, width))
    return inputs


def _hinge(labels, scores):
    return tf.reduce_mean(tf.nn.relu(1 - labels * scores))


def _parity(row, arrays, inputs, labels):
    return _hinge(labels, _dense(_hidden(inputs, 10 * row.problem["n_features"]), 1))


def _portfolio(row, arrays, inputs, rewards):
    portfolio = tf.nn.softmax(_dense(inputs, row.problem["n_stocks"]))
    return -tf.reduce_mean(tf.reduce_sum(rewards * portfolio, axis=1))


def _curves(row, arrays, inputs, targets):
    n_points = row.problem["n_points"]
    match row.learner["architecture"]:
        case "linear":
            outputs = inputs @ tf.Variable(tf.zeros([n_points, n_points]))
            return tf.reduce_mean(tf.reduce_sum((outputs - targets) ** 2, axis=1))
        case "convolution":
            patches = tf.reshape(inputs, [-1, 3])
            if row.learner["conditioned"]:
                patches = patches @ arrays["root"]
            outputs = tf.reshape(patches @ tf.Variable(tf.zeros([3, 1])), [-1, n_points - 2])
            return tf.reduce_mean(tf.reduce_sum((outputs - targets) ** 2, axis=1)) / n_points
    outputs = _dense(_hidden(inputs, 500, 100, 2 * row.problem["n_pieces"], 100, 100), n_points)
    return tf.reduce_mean((outputs - targets) ** 2)


def _steps(row, arrays, inputs, labels):
    kind, width, z = row.learner["kind"], row.learner["width"], arrays["z"].astype(np.float32)
    if kind == "multiclass":
        logits = _dense(_hidden(inputs, width, width), row.learner["n_logits"])
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    outputs = _dense(_hidden(inputs, *[width] * 3) if kind == "end_to_end" else inputs, 1)
    if kind == "non_flat":
        heights = np.diff(z)
        inside = row.learner["slope"] / heights * (outputs - z[1:] + row.learner["shift"] * heights)
        outputs = z[0] + tf.reduce_sum(heights * tf.sigmoid(inside), axis=1, keepdims=True)
    if kind == "forward_only":
        heights = np.diff(z, prepend=0)
        above = tf.cast(outputs >= np.concatenate([[-np.inf], z[1:]]).astype(np.float32), tf.float32)
        stepped = tf.reduce_sum(heights * above, axis=1, keepdims=True)
        outputs = outputs + tf.stop_gradient(stepped - outputs)
    return tf.reduce_mean((outputs - labels) ** 2)


def _lines(row, arrays, images, labels):
    hidden = images
    for std in (28**-0.5, 0.25):
        weights = tf.Variable(tf.truncated_normal([5, 5, int(hidden.shape[-1]), 16], stddev=std))
        hidden = tf.nn.conv2d(hidden, weights, [1, 1, 1, 1], "SAME") + tf.Variable(tf.zeros([16]))
        hidden = tf.nn.max_pool(hidden, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    scores = _dense(_hidden(tf.reshape(hidden, [-1, 49 * 16]), 50, 100), 1)
    tuples = tf.sigmoid(tf.reshape(scores, [-1, row.problem["tuple_length"]]))
    return _hinge(labels, _dense(_hidden(tuples, 100), 1))


LOSSES = {"parity": _parity, "portfolio": _portfolio, "curves": _curves, "steps": _steps, "lines": _lines}
