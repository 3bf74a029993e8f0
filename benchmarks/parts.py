"""CPU time of the parts of a step: the compiled loop of the engine with parts left out.

``python -m benchmarks.parts ROW.json SECONDS`` prints microseconds of CPU time per step, by part.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.rows import Row
from benchmarks.training import alone_on

# Function that draws the batch of a step, by family.
BATCHES = {
    "steps": lambda objective, step: objective.sample(objective.learner["batch_size"], objective.data_seed, step),
    "curves": lambda objective, step: objective.sample(step),
}
Loop = Callable[[int], list]


def measure(rows: Iterable[Row], seconds: float) -> dict[str, dict[str, float]]:
    """Measure the parts of a step, by row; each row runs in its own process."""
    return {row.name: alone_on("benchmarks.parts", row, seconds) for row in rows}


def loops(row: Row, training: Any) -> dict[str, Loop]:
    """Return a function for each part. It repeats the part n times in one compiled loop and returns the final state.

    Args:
        row: the row that is measured.
        training: the training of the row, from `benchmarks.adapters.begun`.

    Returns:
        step: the step without evaluations. without_optimizer: the same with plain gradient descent. batch: drawing the
        samples. products: the matrix products of the dense layers (`dense`), forward and backward.
    """
    import keras
    import tensorflow as tf

    from failures.engine.training import Trainer

    objective, learner = training.objective, training.trainer.learner
    descent = Trainer(learner, objective, keras.optimizers.SGD(1e-6), training.trainer.schedule, training.trainer.xla)

    def draw(step: tf.Tensor, total: tf.Tensor) -> list[tf.Tensor]:
        return [total + sum(map(tf.reduce_sum, BATCHES[row.family](objective, step)))]

    return {
        "step": updates(training.trainer),
        "without_optimizer": updates(descent),
        "batch": _repeated(draw, [tf.zeros([])]),
        "products": _products(row.batch, dense(learner)),
    }


def dense(learner: Any) -> list[tuple[int, int]]:
    """Return the numbers of inputs and outputs of the dense layers of a Keras model, in order."""
    return [tuple(layer.kernel.shape) for layer in learner.layers if type(layer).__name__ == "Dense"]


def operations(batch: int, layers: list[list[int]]) -> int:
    """Count the floating-point operations of the products of a step: forward, the gradient with respect to the weights
    and, except in the first layer, the gradient with respect to the inputs."""
    return sum(2 * batch * n * m * (3 if index else 2) for index, (n, m) in enumerate(layers))


def _repeated(body: Callable[..., Iterable], state: list, xla: bool = True) -> Loop:
    """Return a compiled loop of `body`, which maps a step and a state to the next state."""
    import tensorflow as tf

    @tf.function(jit_compile=xla, autograph=False)
    def run(n: tf.Tensor) -> list[tf.Tensor]:
        start = tf.constant(0, tf.int64), *state
        _, *end = tf.while_loop(lambda step, *_: step < n, lambda step, *s: (step + 1, *body(step, *s)), start)
        return end

    return lambda n: [value.numpy() for value in run(tf.constant(n, tf.int64))]


def updates(trainer: Any) -> Loop:
    """Return a loop of the updates of a trainer, without evaluations."""
    return _repeated(trainer.update, [variable.value for variable in trainer.carried], trainer.xla)


def _products(batch: int, layers: list[tuple[int, int]]) -> Loop:
    """The dense layers' products, one after the other; each result is an operand of the next repetition, cut to -1..1
    lest it grow."""
    import tensorflow as tf

    def cut(value: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(value, -1.0, 1.0)

    def multiply(step: tf.Tensor, *state: tf.Tensor) -> list[tf.Tensor]:
        found = []
        for index, (inputs, weights, errors) in enumerate(zip(*[iter(state)] * 3, strict=True)):
            by_weights = tf.matmul(inputs, errors, transpose_a=True)
            by_inputs = tf.matmul(errors, weights, transpose_b=True) if index else inputs
            found += [cut(by_inputs), cut(by_weights), cut(inputs @ weights)]
        return found

    shapes = [shape for n, m in layers for shape in ([batch, n], [n, m], [batch, m])]
    return _repeated(multiply, [tf.random.stateless_uniform(shape, [0, 1], -1.0, 1.0) for shape in shapes])


def cost(loop: Loop, seconds: float) -> float:
    """Return microseconds of CPU time per repetition: the minimum of three runs of at least this many seconds."""
    n, took = 1, 0.0
    while took < seconds:
        n *= 2
        took = _taken(loop, n)
    return min(took, _taken(loop, n), _taken(loop, n)) / n * 1e6


def _taken(loop: Loop, n: int) -> float:
    began = time.process_time()
    loop(n)
    return time.process_time() - began


def main() -> None:
    """Measure one row."""
    row, seconds = Row(**json.loads(Path(sys.argv[1]).read_text())), float(sys.argv[2])
    from failures.engine.tensorflow_setup import configure_tensorflow

    configure_tensorflow(row.threads)
    from benchmarks import adapters

    training = adapters.begun(row)
    found = loops(row, training)
    for loop in found.values():
        loop(1)
    layers = dense(training.trainer.learner)
    print(json.dumps({part: cost(loop, seconds) for part, loop in found.items()} | {"layers": layers}))


if __name__ == "__main__":
    main()
