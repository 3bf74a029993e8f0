"""Named random streams: a key determines every random number of the project.

Keys have the form (family, problem, replicate, purpose, ...), such as ``("parity", "d10", 3, "instance")``. Streams
with different keys are independent, so the target, the initial weights and the training data of a replicate share no
random numbers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

# Purposes of random numbers.
INSTANCE, INIT, DATA, EVALUATION, NOISE = "instance", "init", "data", "evaluation", "noise"


def derive(*key: str | int) -> int:
    """Return the seed of a stream: an integer in [0, 2^63), the same on every machine.

    Args:
        *key: Parts of the key; the number 1 and the text ``"1"`` are different parts.
    """
    name = "/".join(f"{type(part).__name__}:{part}" for part in key)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def generator(*key: str | int) -> np.random.Generator:
    """Return the NumPy generator of a stream.

    Args:
        *key: Parts of the key.
    """
    return np.random.default_rng(derive(*key))


@dataclass(frozen=True)
class Streams:
    """Random streams of one problem.

    Attributes:
        family: Name of the family.
        problem: The problem's `stream`, or the name of an experiment that has no problems.
    """

    family: str
    problem: str

    def key(self, replicate: int | str, purpose: str, *further: int | str) -> tuple[int | str, ...]:
        """Return the key of a stream.

        Args:
            replicate: Seed of the replicate, or name of the trial where trials of one seed must differ.
            purpose: One of INSTANCE, INIT, DATA, EVALUATION and NOISE.
            *further: Further parts, such as the learner's `stream`.
        """
        return (self.family, self.problem, replicate, purpose, *further)

    def seed(self, replicate: int | str, purpose: str, *further: int | str) -> int:
        """Return the seed of a stream; see `key`."""
        return derive(*self.key(replicate, purpose, *further))

    def generator(self, replicate: int | str, purpose: str, *further: int | str) -> np.random.Generator:
        """Return the NumPy generator of a stream; see `key`."""
        return generator(*self.key(replicate, purpose, *further))
