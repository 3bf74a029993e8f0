"""The authors' style: a static graph, a session, and samples from NumPy at every step."""

import numpy as np
import tensorflow.compat.v1 as tf

from bench.worker import BATCH, EVALUATION, RATE, WINDOW


def make(d):
    """A session that is fed one batch a step."""
    tf.disable_eager_execution()
    rng = np.random.default_rng(0)
    inputs, labels = tf.placeholder(tf.float32, [None, d]), tf.placeholder(tf.float32, [None, 1])
    hidden = tf.nn.relu(_layer(inputs, d, 10 * d))
    scores = _layer(hidden, 10 * d, 1)
    loss = tf.reduce_mean(tf.nn.relu(1 - labels * scores))
    accuracy = tf.reduce_mean(tf.cast(labels * scores > 0, tf.float32))
    step = tf.train.GradientDescentOptimizer(RATE).minimize(loss)
    session = tf.Session()
    session.run(tf.global_variables_initializer())

    def sample(n):
        x = rng.choice([-1.0, 1.0], size=(n, d))
        return {inputs: x, labels: x[:, : d // 2].prod(axis=1, keepdims=True)}

    def train(windows):
        for _ in range(windows):
            for _ in range(WINDOW):
                session.run(step, sample(BATCH))
            session.run([accuracy, loss], sample(EVALUATION))

    return train


def _layer(inputs, fan_in, units):
    weights = tf.Variable(tf.truncated_normal([fan_in, units], stddev=fan_in**-0.5))
    return inputs @ weights + tf.Variable(tf.zeros([units]))
