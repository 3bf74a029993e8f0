"""Experiments of a family: the problems and learners that they select, and the files of their runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# Seeds per training job. Blocks are fixed, so that a further seed leaves the other blocks as they are.
BLOCK_SIZE = 10
FILES = {"history": "history.parquet", "runs": "runs.csv", "models": "models"}


def blocks(seeds: Iterable[int]) -> list[str]:
    """Return the names of the fixed blocks that contain these seeds, such as 0-9."""
    starts = sorted({seed // BLOCK_SIZE * BLOCK_SIZE for seed in seeds})
    return [f"{start}-{start + BLOCK_SIZE - 1}" for start in starts]


def block_seeds(seeds: Iterable[int], block: str) -> list[int]:
    """Return the seeds of one block, sorted: their order in the configuration has no effect."""
    return sorted(seed for seed in seeds if block in blocks([seed]))


def pick(mapping: Any, *keys: str) -> dict[str, Any]:
    """Return the part of a mapping with these keys."""
    return {key: mapping[key] for key in keys}


@dataclass(frozen=True)
class Family:
    """The configuration of a family and the paths of its files.

    Attributes:
        name: Name of the family, such as parity.
        settings: Block of the family in the validated configuration.
        results: Folder of the results.
    """

    name: str
    settings: dict[str, Any]
    results: str

    def run_files(self, problem: str, learner: str, file: str) -> list[str]:
        """Return the paths of `history`, `runs` or `models` in all blocks of a problem and learner."""
        seeds = self.settings["problems"][problem]["seeds"]
        folder = f"{self.results}/runs/{self.name}/{problem}/{learner}"
        return [f"{folder}/seeds_{block}/{FILES[file]}" for block in blocks(seeds)]

    def pairs(self) -> set[tuple[str, str]]:
        """Return the pairs of problem and learner that the experiments train, by name."""
        return {pair for block in self.settings["experiments"].values() for pair in _pairs(block)}

    def instances(self, problem: str) -> list[str]:
        """Return the paths of the tables of instances of all blocks of a problem."""
        seeds = self.settings["problems"][problem]["seeds"]
        return [f"{self.results}/instances/{self.name}/{problem}/seeds_{block}.csv" for block in blocks(seeds)]


def _pairs(block: Any) -> Iterator[tuple[str, str]]:
    """Yield the selected pairs of problem and learner in an experiment and in the blocks inside it."""
    if isinstance(block, dict):
        if "problems" in block and "learners" in block:
            yield from itertools.product(block["problems"], block["learners"])
        for inner in block.values():
            yield from _pairs(inner)


@dataclass(frozen=True)
class Experiment:
    """An experiment of a family, or a part of one.

    Attributes:
        family: The family.
        name: Name of the experiment, of its figure and of its table.
        kind: Name of the experiment that it is like, which has the same modules; its own name by default.
        settings: Settings by key. An experiment that trains networks selects them under `problems` and `learners`.
    """

    family: Family
    name: str
    kind: str
    settings: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        """Return a setting."""
        return self.settings[key]

    def part(self, key: str) -> Experiment:
        """Return the part of the experiment whose settings stand under a key, such as `trained`."""
        return Experiment(self.family, self.name, self.kind, self[key])

    def files(self, file: str) -> list[str]:
        """Return the paths of `history`, `runs` or `models` of all selected runs, or of their `instances`."""
        if file == "instances":
            return [path for problem in self["problems"] for path in self.family.instances(problem)]
        pairs = [(problem, learner) for problem in self["problems"] for learner in self["learners"]]
        return [path for pair in pairs for path in self.family.run_files(*pair, file)]

    @property
    def problem(self) -> dict[str, Any]:
        """Settings of the first selected problem."""
        return self.family.settings["problems"][self["problems"][0]]

    def problems(self, *keys: str) -> dict[str, dict[str, Any]]:
        """Return these keys of every selected problem, by its name."""
        return {name: pick(self.family.settings["problems"][name], *keys) for name in self["problems"]}

    def values(self, key: str) -> dict[str, Any]:
        """Return one key of every selected problem, by its name."""
        return {name: block[key] for name, block in self.problems(key).items()}

    def learners(self, *keys: str) -> dict[str, dict[str, Any]]:
        """Return these keys of every selected learner that it has, by its name."""
        blocks = {name: self.family.settings["learners"][name] for name in self["learners"]}
        return {name: pick(block, *(key for key in keys if key in block)) for name, block in blocks.items()}
