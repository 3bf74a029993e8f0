"""Linear-periodic problem: targets psi(<v, x>) with a periodic function psi (section 2, Theorem 2).

x is standard normal in R^d, and v has a given norm r. The waves psi have period 1: `cosine` is cos(2 pi u), and
`square` is its sign. `linear`, psi(u) = u, is not periodic; it is an easy target for comparison.

Columns of instances/periodic/PROBLEM/seeds_BLOCK.csv:
    trial, seed, rate_factor
    wave: psi(u): `cosine` is cos(2 pi u), `square` its sign, `linear` is u
    norm: r
    direction: v / r, as d numbers separated by spaces; all targets of a replicate share it
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from failures.engine.seeding import INSTANCE, Streams

WAVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "cosine": lambda u: np.cos(2 * np.pi * u),
    "square": lambda u: np.where(np.cos(2 * np.pi * u) >= 0, 1.0, -1.0),
    "linear": lambda u: u,
}
PERIODIC = ("cosine", "square")
# Terms of the square wave's truncated Fourier series.
N_HARMONICS = 64


def draw_instances(
    stream: str, n_features: int, waves: list[str], norms: list[float], seeds: list[int]
) -> pd.DataFrame:
    """Draw the targets of a problem: per seed one random direction, with every wave and norm.

    Args:
        stream: Name of the problem's random stream.
        n_features: Input dimension, d.
        waves: Names in `WAVES`.
        norms: Values of r.
        seeds: Seeds of the replicates.

    Returns:
        Columns trial, seed, wave, norm and direction, one row per seed, wave and norm.
    """
    streams = Streams("periodic", stream)
    rows = []
    for seed in seeds:
        direction = draw_direction(n_features, streams.generator(seed, INSTANCE))
        text = " ".join(repr(float(value)) for value in direction)
        rows += [(f"{wave}_{norm:g}_seed_{seed}", seed, wave, float(norm), text) for wave in waves for norm in norms]
    return pd.DataFrame(rows, columns=["trial", "seed", "wave", "norm", "direction"])


def draw_direction(n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a direction uniformly from the unit sphere.

    Args:
        n_features: Dimension, d.
        rng: Random generator.

    Returns:
        Unit vector, [n_features].
    """
    normal = rng.standard_normal(n_features)
    return normal / np.linalg.norm(normal)


def parse_direction(direction: str) -> np.ndarray:
    """Parse the column `direction` of a trial into floats, [n_features]."""
    return np.array([float(value) for value in direction.split(" ")])


def harmonics(wave: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the Fourier series psi(u) = sum_k c_k cos(2 pi m_k u) of a periodic wave.

    The cosine has m = c = (1). The square wave has m_k = 2k + 1 and c_k = (4 / pi) (-1)^k / m_k, truncated after
    N_HARMONICS terms.

    Args:
        wave: `cosine` or `square`.

    Returns:
        Multiples m and coefficients c, each [n].

    Raises:
        KeyError: If `wave` has another value.
    """
    multiples = {"cosine": np.ones(1), "square": 2.0 * np.arange(N_HARMONICS) + 1}[wave]
    signs = 1 - multiples % 4 // 2 * 2
    return multiples, signs / multiples * (1.0 if wave == "cosine" else 4 / np.pi)


def label_variance(wave: str, norm: float) -> float:
    """Compute the exact variance of psi(r s) for a standard normal s.

    It is E[psi^2] - E[psi]^2, where E[cos(2 pi m r s)] = exp(-2 (pi m r)^2). E[psi^2] is (1 + exp(-8 (pi r)^2)) / 2 for
    the cosine and 1 for the square wave. The variance of the linear target is r^2.

    Args:
        wave: Name in `WAVES`.
        norm: r.
    """
    if wave == "linear":
        return norm**2
    multiples, coefficients = harmonics(wave)
    mean = (coefficients * np.exp(-2 * (np.pi * multiples * norm) ** 2)).sum()
    square = (1 + np.exp(-8 * (np.pi * norm) ** 2)) / 2 if wave == "cosine" else 1.0
    return float(square - mean**2)
