"""What a second thread saves of a step of the lines, and what keeps it from halving it.

Threads share the parts of a batch; the rest of a step is one thread's. So a step on two threads takes at least the rest
and the larger share of the parts, at the speed that two threads have at once: two processes of one thread each, side by
side, show that speed, since they have nothing to wait for but the memory and the caches of the machine.

``python -m bench.sharing ROW.json SECONDS`` prints the milliseconds of the rest, and the number of parts.
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

from bench import ours, parts
from bench.rows import Row
from bench.training import alone_on, started


def measure(rows: Iterable[Row], rounds: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Of every row of several threads: milliseconds a step, evaluations included (medians of the rounds).

    one, beside: on one thread, alone and with as many such processes at once as the row has threads; several: on the
    row's threads, with cores, those that it kept busy; rest: what is not in the parts; parts: their number.
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
            **alone_on("bench.sharing", single, seconds),
        }
    return found


def most(n_parts: int, threads: int) -> int:
    """Parts of the thread that has most of them, as `failures.lines.objective.in_parts` shares them out."""
    return -(-n_parts // threads)


def expected(found: dict[str, Any], threads: int) -> float:
    """Milliseconds of a step on several threads by what else was measured of it."""
    share = most(found["parts"], threads) / found["parts"]
    return found["rest"] + (found["beside"] - found["rest"]) * share


def at_once(row: Row, copies: int, rounds: int, seconds: float) -> list[dict[str, float]]:
    """Medians of milliseconds a step and of cores kept busy, of each of so many processes of the engine at once."""
    with started(row, ["engine"] * copies) as processes:
        taken: list[list[dict[str, float]]] = [[] for _ in processes]
        # In the first round each finds out how much a measurement of so many seconds is.
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
    """Updates of which no part is computed: the batch, the matrices made of the weights, their gradients, Adam."""
    import tensorflow as tf

    from failures.lines import objective
    from failures.lines.sparse import matrices

    training = ours.begun(row)
    first, second = (training.trainer.learner.get_layer(name) for name in ("n1", "n2"))
    by = [*tf.nest.flatten(matrices(first)), *second.trainable_variables]
    n_gradients = sum(int(np.prod(weight.shape)) for weight in by)

    def nothing(of_part: Any, images: tf.Tensor, signature: Any) -> tf.Tensor:
        # Of the batch, lest TensorFlow leave it out, too.
        return tf.fill([images.shape[0], n_gradients], 1e-9 * tf.cast(images[0, 0, 0], tf.float32))

    loop = parts.updates(training.trainer)
    with patch.object(objective, "in_parts", nothing):
        loop(1)  # traced here
    return loop


def main() -> None:
    """Measure the rest of a step."""
    row, seconds = Row(**json.loads(Path(sys.argv[1]).read_text())), float(sys.argv[2])
    from failures.jobs import configure_tensorflow

    configure_tensorflow(row.threads)
    from failures.lines.objective import n_parts

    loop = rest(row)
    print(
        json.dumps({"rest": parts.cost(loop, seconds) / 1e3, "parts": n_parts(row.batch, row.problem["tuple_length"])})
    )


if __name__ == "__main__":
    main()
