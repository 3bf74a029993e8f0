import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from failures.config.types import ACTIVATIONS, OPTIMIZERS, Learner
from failures.engine import learners
from failures.families.parity.problem import cube

NETWORK = Learner().model_dump()


def test_weights_are_the_scripts_truncated_normal():
    kernel = learners.network(100, NETWORK, "test").get_weights()[0].ravel()[:20_000]
    # Standard deviation 0.1 (fan-in 100), truncated at 0.2 without rescaling: 0.088 after truncation.
    assert stats.kstest(kernel, stats.truncnorm(-2, 2, scale=0.1).cdf).pvalue > 1e-3
    assert kernel.std() == pytest.approx(0.0880, rel=0.02)


def test_weights_and_biases_of_a_given_spread_are_normal():
    spread = {"width": 300, "depth": 2, "initial_weights": 2.0, "initial_biases": 0.5}
    model = learners.network(100, NETWORK | spread, "test")
    hidden, output = model.get_layer("hidden_2"), model.get_layer("output")
    for values, std in ((hidden.kernel, 2 * 300**-0.5), (hidden.bias, 0.5), (output.kernel, 300**-0.5)):
        assert stats.kstest(np.ravel(values)[:20_000], stats.norm(scale=std).cdf).pvalue > 1e-3
    assert not np.any(output.bias)


def test_layers_have_the_configured_shape_and_independent_weights():
    model = learners.network(6, NETWORK | {"width": 8, "depth": 3, "activation": "tanh"}, "test")
    kernels, biases = model.get_weights()[::2], model.get_weights()[1::2]
    assert [kernel.shape for kernel in kernels] == [(6, 8), (8, 8), (8, 8), (8, 1)]
    assert not np.array_equal(kernels[1], kernels[2])
    assert all((bias == 0).all() for bias in biases)
    assert learners.network(6, NETWORK | {"depth": 0}, "test").count_params() == 7
    assert learners.network(6, NETWORK, "test").get_layer("hidden_1").units == 60


def test_the_same_stream_gives_the_same_weights():
    first, same, other = (
        learners.network(5, NETWORK, "parity", name).get_weights() for name in ("seed_1", "seed_1", "seed_2")
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_table_of_optimizers_is_keras(name):
    parameters = inspect.signature(getattr(keras.optimizers, name).__init__).parameters
    assert set(parameters) >= OPTIMIZERS[name] | {"learning_rate", "weight_decay", "clipnorm"}
    assert learners.optimizer({"name": name, "learning_rate": 0.5, "arguments": {}}).learning_rate.numpy() == 0.5


def test_no_optimizer_of_keras_is_missing():
    wrappers = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"}
    names = {
        name
        for name, cls in vars(keras.optimizers).items()
        if inspect.isclass(cls) and issubclass(cls, keras.optimizers.Optimizer)
    }
    assert names - wrappers == set(OPTIMIZERS)


def first_update(name, gradient=0.001, **arguments):
    """Return the change of a weight of 0 by a first update at a learning rate of 1, in float64."""
    optimizer = learners.optimizer({"name": name, "learning_rate": 1.0, "arguments": arguments})
    weight = keras.Variable(np.zeros(1), dtype="float64")
    optimizer.build([weight])
    optimizer.apply([np.array([gradient])], [weight])
    return -weight.numpy()[0]


@pytest.mark.parametrize(
    ("name", "arguments", "square"),
    [
        ("RMSprop", {"rho": 0.9}, 0.1 * 1e-6),
        ("Adagrad", {"initial_accumulator_value": 0.0}, 1e-6),
    ],
)
def test_the_epsilon_of_some_optimizers_is_under_the_root(name, arguments, square):
    """As the reference says (`failures.config.types.Optimizer`)."""
    assert first_update(name, epsilon=0.01, **arguments) == pytest.approx(0.001 / (square + 0.01) ** 0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "arguments", "epsilon"),
    [
        ("Adam", {}, 0.01 / 0.001**0.5),
        ("AdamW", {"weight_decay": 0.0}, 0.01 / 0.001**0.5),
        ("Muon", {"weight_decay": 0.0, "adam_weight_decay": 0.0}, 0.01 / 0.001**0.5),
        ("ScheduleFreeAdamW", {}, 0.01),
        ("Adamax", {}, 0.01),
    ],
)
def test_the_epsilon_of_adam_is_added_before_the_bias_correction(name, arguments, epsilon):
    """Gradient and root of the mean square are corrected to 0.001 in the first step, at beta_2 = 0.999."""
    assert first_update(name, epsilon=0.01, **arguments) == pytest.approx(0.001 / (0.001 + epsilon), rel=1e-4)


def test_the_slope_of_leaky_relu_is_that_of_the_activation_and_not_of_the_layer():
    negative = np.array([[-1.0]], "float32")
    model = learners.network(1, NETWORK | {"width": 1, "activation": "leaky_relu"}, "test")
    model.get_layer("hidden_1").kernel.assign([[1.0]])
    model.get_layer("output").kernel.assign([[1.0]])
    assert model(negative).numpy() == pytest.approx(-0.2)
    assert keras.layers.LeakyReLU()(negative).numpy() == pytest.approx(-0.3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_only_adamw_and_muon_decay_by_default(name):
    """The configuration requires both decays of Muon."""
    decay = learners.optimizer({"name": name, "learning_rate": 0.1, "arguments": {}}).weight_decay
    assert decay == (0.004 if name in ("AdamW", "Muon") else None)


def test_activations_are_keras():
    for name in ACTIVATIONS.__args__:
        assert callable(keras.activations.get(name))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_at_the_start_only_biases_feel_odd_parities_beyond_size_one(size):
    """At zero biases ReLU is half identity, half absolute value: odd parities above size 1 reach only the biases."""
    inputs = (1 - 2 * cube(7)).astype("float32")
    labels = inputs[:, :size].prod(axis=1, keepdims=True)
    model = learners.network(7, NETWORK, "test")
    with tf.GradientTape() as tape:
        signal = tf.reduce_mean(labels * model(inputs))
    kernel, bias, output, _ = (np.abs(g).max() for g in tape.gradient(signal, model.trainable_variables))
    odd = size % 2 == 1
    assert (bias > 1e-3) == odd
    assert (kernel > 1e-3) == (size == 1 or not odd)
    assert (output > 1e-3) == (size == 1 or not odd)
    assert max(kernel, output) < 1e-6 or size == 1 or not odd
