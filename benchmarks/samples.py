"""Samples from NumPy, as in the authors' scripts, for the contenders that feed arrays.

A sampler has the methods `training(n)` and `evaluation()`, which return inputs and labels. Its argument `arrays` is the
result of `benchmarks.adapters.arrays`. The inputs of lines are the images of all tuples, one after the other.
"""

from __future__ import annotations

import numpy as np

from benchmarks.rows import Row


class Parity:
    """Inputs of -1 and 1, [n, d], and the product of the first `size` of them, [n, 1]."""

    def __init__(self, row: Row, arrays: dict[str, np.ndarray]):
        self.d, self.size, self.n = row.problem["n_features"], int(arrays["size"]), row.problem["evaluation"]
        self.rng = np.random.default_rng(0)

    def training(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw fresh samples."""
        x = self.rng.choice(np.array([-1, 1], np.float32), size=(n, self.d))
        return x, x[:, : self.size].prod(axis=1, keepdims=True)

    def evaluation(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw fresh samples."""
        return self.training(self.n)


class Portfolio:
    """Unit vectors, [n, d], and rewards, [n, k]."""

    def __init__(self, row: Row, arrays: dict[str, np.ndarray]):
        self.labels, self.k, self.n = arrays["labels"], row.problem["n_stocks"], row.problem["evaluation"]
        self.states = np.eye(len(self.labels), dtype=np.float32)
        self.rng = np.random.default_rng(0)

    def training(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw fresh samples."""
        chosen = self.rng.integers(len(self.labels), size=n)
        rewards = 2 * self.rng.integers(2, size=(n, self.k), dtype=np.int8).astype(np.float32) - 1
        rewards[np.arange(n), self.labels[chosen]] = 1
        return self.states[chosen], rewards

    def evaluation(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw fresh samples."""
        return self.training(self.n)


class Curves:
    """Curves (for convolutions: patches f_t, f_(t-1), f_(t-2), [n, n_points - 2, 3]) and targets."""

    def __init__(self, row: Row, arrays: dict[str, np.ndarray]):
        self.sets = []
        for prefix in ("", "validation_"):
            inputs, targets = arrays[f"{prefix}curves"], arrays[f"{prefix}changes"]
            match row.learner["architecture"]:
                case "convolution":
                    inputs, targets = np.stack([inputs[:, 2:], inputs[:, 1:-1], inputs[:, :-2]], -1), targets[:, 2:]
                case "autoencoder":
                    targets = inputs
            self.sets.append((inputs, targets))
        self.rng = np.random.default_rng(0)

    def training(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw training curves with replacement."""
        inputs, targets = self.sets[0]
        chosen = self.rng.integers(len(inputs), size=n)
        return inputs[chosen], targets[chosen]

    def evaluation(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all validation curves."""
        return self.sets[1]


class Steps:
    """Normal inputs, [n, d], and the value of the step, [n, 1], or its index, [n], for the multi-class learner."""

    def __init__(self, row: Row, arrays: dict[str, np.ndarray]):
        self.direction, self.bias, self.z = arrays["direction"], arrays["bias"], arrays["z"]
        self.scale, self.n = row.problem["input_scale"], row.problem["evaluation"]
        self.classes = row.learner["kind"] == "multiclass"
        self.rng = np.random.default_rng(0)

    def training(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw fresh samples."""
        x = self.scale * self.rng.standard_normal((n, len(self.direction)))
        index = np.maximum(np.searchsorted(self.z, x @ self.direction + self.bias, side="right") - 1, 0)
        return x.astype(np.float32), index if self.classes else self.z[index][:, None].astype(np.float32)

    def evaluation(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw fresh samples."""
        return self.training(self.n)


class Lines:
    """Images of tuples, float32 [n * k, 28, 28, 1], in order and repeated, and labels of tuples, [n, 1]."""

    def __init__(self, row: Row, arrays: dict[str, np.ndarray]):
        self.k, self.next_tuple = row.problem["tuple_length"], 0
        self.images, self.labels = self._set(arrays, "train")
        self.test = self._set(arrays, "test")

    def training(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the next tuples."""
        if self.next_tuple + n > len(self.labels):
            self.next_tuple = 0
        tuples = slice(self.next_tuple, self.next_tuple + n)
        self.next_tuple += n
        return self.images[self.k * tuples.start : self.k * tuples.stop], self.labels[tuples]

    def evaluation(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the test tuples."""
        return self.test

    def _set(self, arrays: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray]:
        labels = arrays[f"{name}_labels"].reshape(-1, self.k).prod(axis=1, keepdims=True)
        sign = -1 if self.k % 2 == 0 else 1
        return arrays[f"{name}_images"].astype(np.float32), (sign * labels).astype(np.float32)


SAMPLERS = {"parity": Parity, "portfolio": Portfolio, "curves": Curves, "steps": Steps, "lines": Lines}


def sampler(row: Row, arrays: dict[str, np.ndarray]) -> Parity | Portfolio | Curves | Steps | Lines:
    """Return the sampler of the family of a row."""
    return SAMPLERS[row.family](row, arrays)
