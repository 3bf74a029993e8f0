"""The networks of section 3.1, as plain Keras models: N1 scores an image, N2 a tuple of scores."""

from __future__ import annotations

import keras

from failures.engine.seeding import derive
from failures.families.lines.problem import SIZE

FILTERS = 16
# Side of the maps behind N1's second maximum, and taps to a side of the convolutions of residual blocks.
SIDE, BLOCK_TAPS = 7, 3


def _normal(std: float, *path: str | int) -> keras.initializers.Initializer:
    """Normal, cut at two standard deviations and not rescaled, as in the scripts."""
    return keras.initializers.TruncatedNormal(stddev=std, seed=derive(*path) % 2**31)


def _dense(units: int, fan_in: int, activation: str, name: str, *path: str | int) -> keras.layers.Dense:
    weights = _normal(fan_in**-0.5, *path, name)
    return keras.layers.Dense(units, activation=activation, kernel_initializer=weights, name=name)


def n1(*path: str | int, blocks: int = 0) -> keras.Model:
    """N1, [n, 28, 28, 1] -> [n, 1]: two convolutions of 5 x 5 without activation, each before a maximum over 2 x 2.

    path: name of the random stream of the weights, whose standard deviations are the scripts'. Biases start at 0.
    blocks: residual blocks behind the second maximum (`_residual`); none in the paper. All other weights are the same
    for any number of blocks.
    """
    layers = [keras.Input((SIZE, SIZE, 1), name="image")]
    for number, std in enumerate((SIZE**-0.5, FILTERS**-0.5), start=1):
        name = f"convolution_{number}"
        weights = _normal(std, *path, name)
        layers.append(keras.layers.Conv2D(FILTERS, 5, padding="same", kernel_initializer=weights, name=name))
        layers.append(keras.layers.MaxPooling2D(name=f"maximum_{number}"))
    head = [
        keras.layers.Flatten(name="flat"),
        _dense(50, SIDE**2 * FILTERS, "relu", "hidden_1", *path),
        _dense(100, 50, "relu", "hidden_2", *path),
        _dense(1, 100, "linear", "score", *path),
    ]
    if not blocks:
        return keras.Sequential([*layers, *head], name="n1")
    image, *layers = layers
    maps = image
    for layer in layers:
        maps = layer(maps)
    maps = _residual(maps, blocks, *path)
    for layer in head:
        maps = layer(maps)
    return keras.Model(image, maps, name="n1")


def _residual(maps: keras.KerasTensor, blocks: int, *path: str | int) -> keras.KerasTensor:
    """Blocks x -> x + relu(K * x + b), [n, 7, 7, 16] -> [n, 7, 7, 16], with one convolution K of 3 x 3, zeros around.

    Weights start like the scripts' dense layers, with the standard deviation 1/sqrt(fan in), so that a block changes
    its input little and four of them do not blow it up.
    """
    for number in range(1, blocks + 1):
        name = f"block_{number}"
        weights = _normal((BLOCK_TAPS**2 * FILTERS) ** -0.5, *path, name)
        layer = keras.layers.Conv2D(
            FILTERS, BLOCK_TAPS, padding="same", activation="relu", kernel_initializer=weights, name=name
        )
        maps = keras.layers.Add(name=f"sum_{number}")([maps, layer(maps)])
    return maps


def n2(tuple_length: int, *path: str | int) -> keras.Model:
    """N2, [n, k] -> [n, 1]: a sigmoid of each score, 100 units and a linear output; path: as for `n1`."""
    layers = [
        keras.Input((tuple_length,), name="scores"),
        keras.layers.Activation("sigmoid", name="sigmoid"),
        _dense(100, tuple_length, "relu", "hidden", *path),
        _dense(1, 100, "linear", "label", *path),
    ]
    return keras.Sequential(layers, name="n2")


def learner(tuple_length: int, *path: str | int, blocks: int = 0) -> keras.Model:
    """N2 over N1 of each image, [n, k, 28, 28, 1] -> [n, 1]; its layers `n1` and `n2` are models of their own.

    blocks: residual blocks in N1.
    """
    images = keras.Input((tuple_length, SIZE, SIZE, 1), name="images")
    first, second = n1(*path, "n1", blocks=blocks), n2(tuple_length, *path, "n2")
    scores = [first(images[:, position]) for position in range(tuple_length)]
    joined = keras.layers.Concatenate(name="scores")(scores) if tuple_length > 1 else scores[0]
    return keras.Model(images, second(joined), name="learner")
