"""The time of a step of lines on one and on two threads, and the time expected on two threads.

Threads compute whole parts of a batch; one thread computes the rest of a step. A step on two threads is expected to
take the rest plus the parts of the busier thread. Two threads slow each other, because they share memory and caches.
Two processes with one thread each, running at once, show this effect alone, since they do not wait for each other.

``python -m benchmarks.sharing ROW.json SECONDS`` prints the rest in milliseconds, and the number of parts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import adapters, parts
from benchmarks.rows import Row
from benchmarks.training import alone_on, started


def measure(rows: Iterable[Row], rounds: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Measure the rows with several threads: milliseconds per step, evaluations included (medians of the rounds).

    Returns, by row: one (one thread), beside (one thread, while as many processes run as the row has threads), several
    (the threads of the row), cores (busy cores in `several`), rest (the step without its parts) and parts (number).
    """
    found = {}
    for row in rows:
        if row.threads == 1:
            continue
        single = replace(row, threads=1)
        (one,), beside = at_once(single, 1, rounds, seconds), at_once(single, row.threads, rounds, seconds)
        (several,) = at_once(row, 1, rounds, seconds)
        found[row.name] = {
            "one": one["ms"],
            "beside": max(process["ms"] for process in beside),
            "several": several["ms"],
            "cores": several["cores"],
            **alone_on("benchmarks.sharing", single, seconds),
        }
    return found


def most(n_parts: int, threads: int) -> int:
    """Return the number of parts of the busiest thread, as `failures.families.lines.objective.in_parts` divides them."""
    return -(-n_parts // threads)


def expected(found: dict[str, Any], threads: int) -> float:
    """Return the expected milliseconds per step on several threads. found: a value of the result of `measure`."""
    share = most(found["parts"], threads) / found["parts"]
    return found["rest"] + (found["beside"] - found["rest"]) * share


def at_once(row: Row, copies: int, rounds: int, seconds: float) -> list[dict[str, float]]:
    """Run copies of the engine at the same time. Returns, per copy, the medians of ms per step and of busy cores."""
    with started(row, ["engine"] * copies) as processes:
        taken: list[list[dict[str, float]]] = [[] for _ in processes]
        # The first round sets the length of the calls; its result is dropped.
        for _ in range(rounds + 1):
            for process in processes:
                process.ask(seconds)
            for answers, process in zip(taken, processes, strict=True):
                answers.append(process.answer())
    return [
        {
            "ms": median(1000 / answer["steps_per_second"] for answer in answers[1:]),
            "cores": median(answer["cores"] for answer in answers[1:]),
        }
        for answers in taken
    ]


def rest(row: Row) -> parts.Loop:
    """Return a loop of updates without the parts: batch, matrices from the weights, their gradients and Adam remain."""
    import tensorflow as tf

    from failures.families.lines import objective
    from failures.families.lines.sparse_n1 import matrices

    training = adapters.begun(row)
    first, second = (training.trainer.learner.get_layer(name) for name in ("n1", "n2"))
    by = [*tf.nest.flatten(matrices(first)), *second.trainable_variables]
    n_gradients = sum(int(np.prod(weight.shape)) for weight in by)

    def nothing(of_part: Any, images: tf.Tensor, signature: Any) -> tf.Tensor:
        # Depends on the batch, so that TensorFlow does not prune it.
        return tf.fill([images.shape[0], n_gradients], 1e-9 * tf.cast(images[0, 0, 0], tf.float32))

    loop = parts.updates(training.trainer)
    with patch.object(objective, "in_parts", nothing):
        loop(1)  # traced here
    return loop


def main() -> None:
    """Measure the rest of a step."""
    row, seconds = Row(**json.loads(Path(sys.argv[1]).read_text())), float(sys.argv[2])
    from failures.engine.tensorflow_setup import configure_tensorflow

    configure_tensorflow(row.threads)
    from failures.families.lines.objective import n_parts

    loop = rest(row)
    print(
        json.dumps({"rest": parts.cost(loop, seconds) / 1e3, "parts": n_parts(row.batch, row.problem["tuple_length"])})
    )


if __name__ == "__main__":
    main()
