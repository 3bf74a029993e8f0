"""Named random streams: every random number of the project has one key, and nothing else decides it.

A stream is named by a path such as ``("parity", "d10", 3, "instance")`` (family, problem, replicate
seed, purpose). Streams of different names are independent, so the targets, the initial weights and
the training data of a replicate never share random numbers.
"""

from __future__ import annotations

import hashlib

import numpy as np

# The purposes that a replicate draws random numbers for.
INSTANCE, INIT, DATA, EVALUATION, NOISE = "instance", "init", "data", "evaluation", "noise"


def derive(*path: str | int) -> int:
    """Seed of the stream named `path`: an integer in [0, 2^63), the same on every machine."""
    name = "/".join(f"{type(part).__name__}:{part}" for part in path)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def generator(*path: str | int) -> np.random.Generator:
    """NumPy generator of the stream named `path`."""
    return np.random.default_rng(derive(*path))
