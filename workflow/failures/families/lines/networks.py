"""Networks of section 3.1 as Keras models: N1 scores an image, and N2 combines the scores of a tuple."""

from __future__ import annotations

import keras

from failures.engine.seeding import derive
from failures.families.lines.problem import SIZE

FILTERS = 16
# Side of the maps after N1's second pooling layer, and side of the filters of residual blocks.
SIDE, BLOCK_TAPS = 7, 3


def _normal(std: float, *path: str | int) -> keras.initializers.Initializer:
    """Return a normal distribution truncated at two standard deviations, not rescaled, as in the authors' scripts."""
    return keras.initializers.TruncatedNormal(stddev=std, seed=derive(*path) % 2**31)


def _dense(units: int, fan_in: int, activation: str, name: str, *path: str | int) -> keras.layers.Dense:
    weights = _normal(fan_in**-0.5, *path, name)
    return keras.layers.Dense(units, activation=activation, kernel_initializer=weights, name=name)


def n1(*path: str | int, blocks: int = 0) -> keras.Model:
    """Build N1: two convolutions of 5 x 5 without activation, each with 2 x 2 max pooling, then three dense layers.

    Weights are drawn with the standard deviations of the authors' scripts. Biases start at 0. All weights outside of
    residual blocks are the same for any number of blocks.

    Args:
        *path: Name of the random stream of the weights.
        blocks: Number of residual blocks after the second pooling layer; the paper has none.

    Returns:
        A model [n, 28, 28, 1] -> [n, 1].

    Reference:
        Section 3.1.
    """
    layers = [keras.Input((SIZE, SIZE, 1), name="image")]
    for layer, std in enumerate((SIZE**-0.5, FILTERS**-0.5), start=1):
        name = f"convolution_{layer}"
        weights = _normal(std, *path, name)
        layers.append(keras.layers.Conv2D(FILTERS, 5, padding="same", kernel_initializer=weights, name=name))
        layers.append(keras.layers.MaxPooling2D(name=f"maximum_{layer}"))
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
    """Append blocks x -> x + relu(K * x + b) with a 3 x 3 convolution K, zero-padded, to maps [n, 7, 7, 16].

    The standard deviation of the initial weights is 1/sqrt(fan-in), as in the scripts' dense layers. A block then
    changes its input little, and four blocks do not inflate it.
    """
    for block in range(1, blocks + 1):
        name = f"block_{block}"
        weights = _normal((BLOCK_TAPS**2 * FILTERS) ** -0.5, *path, name)
        layer = keras.layers.Conv2D(
            FILTERS, BLOCK_TAPS, padding="same", activation="relu", kernel_initializer=weights, name=name
        )
        maps = keras.layers.Add(name=f"sum_{block}")([maps, layer(maps)])
    return maps


def n2(tuple_length: int, *path: str | int) -> keras.Model:
    """Build N2: a sigmoid of each score, a hidden layer of 100 ReLU units, and a linear output.

    Args:
        tuple_length: Number of scores, k.
        *path: Name of the random stream of the weights.

    Returns:
        A model [n, k] -> [n, 1].
    """
    layers = [
        keras.Input((tuple_length,), name="scores"),
        keras.layers.Activation("sigmoid", name="sigmoid"),
        _dense(100, tuple_length, "relu", "hidden", *path),
        _dense(1, 100, "linear", "label", *path),
    ]
    return keras.Sequential(layers, name="n2")


def learner(tuple_length: int, *path: str | int, blocks: int = 0) -> keras.Model:
    """Build N2 on top of N1, which is applied to each image of a tuple.

    Args:
        tuple_length: Images per tuple, k.
        *path: Name of the random stream of the weights.
        blocks: Number of residual blocks in N1.

    Returns:
        A model [n, k, 28, 28, 1] -> [n, 1], whose layers `n1` and `n2` are models.
    """
    images = keras.Input((tuple_length, SIZE, SIZE, 1), name="images")
    first, second = n1(*path, "n1", blocks=blocks), n2(tuple_length, *path, "n2")
    scores = [first(images[:, position]) for position in range(tuple_length)]
    joined = keras.layers.Concatenate(name="scores")(scores) if tuple_length > 1 else scores[0]
    return keras.Model(images, second(joined), name="learner")
