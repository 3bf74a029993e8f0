"""Rows of the table of training: configured problems and learners, with the settings of the authors' scripts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

# Problems and learners of each family. A row is named after the problem, or after the learner if there is one problem.
SELECTED = {
    "parity": (["d5", "d10", "d30"], ["relu"]),
    "portfolio": (["k10", "k1000", "k2000"], ["end_to_end"]),
    "curves": (["pieces"], ["linear", "convolutional", "conditioned", "autoencoder"]),
    "steps": (["steps"], ["non_flat", "end_to_end", "multiclass", "forward_only"]),
    "lines": (["k1", "k2", "k3", "k4"], ["end_to_end"]),
}
THREADS = {"lines": (1, 2)}
# Problems and learners with residual blocks, which are compared with an earlier build alone.
BLOCKS = {"problems": ["k2", "k3"], "learners": ["end_to_end_1", "end_to_end_4"]}
# Steps between two evaluations, as in the authors' scripts. (The published curves of small parities have more points.)
EVERY = 100
# Steps of lines are slow. Steps between evaluations and test tuples are both divided by this number, so that evaluation
# keeps its share of the time and a measurement covers at least one evaluation.
LINES_SHORTER = 25
# Number of images for the engine, and for contenders that are fed float32 arrays (63 MB).
POOL, FED = 200_000, 20_000


@dataclass(frozen=True)
class Row:
    """A problem and a learner (resolved blocks of the configuration), and the threads of each contender."""

    name: str
    family: str
    problem: dict[str, Any]
    learner: dict[str, Any]
    threads: int = 1

    @property
    def every(self) -> int:
        """Return the steps between two evaluations."""
        return self.problem["evaluate_every"]

    @property
    def batch(self) -> int:
        """Return the samples per step."""
        return self.learner["batch_size"]

    @property
    def optimizer(self) -> tuple[str, float, float, float, float]:
        """Return the name and learning rate of the optimiser, and beta 1, beta 2 and epsilon of Adam."""
        settings = self.learner["optimizer"]
        arguments = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, **settings["arguments"]}
        return settings["name"], settings["learning_rate"], *(arguments[k] for k in ("beta_1", "beta_2", "epsilon"))

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON; `Row(**row.as_dict())` equals the row."""
        return asdict(self)


def rows(config: dict[str, Any]) -> dict[str, Row]:
    """Return all rows by name.

    Args:
        config: Validated configuration (`failures.config.schema.load(".")`).
    """
    selected: dict[str, Row] = {}
    for family, (problems, learners) in SELECTED.items():
        for threads, problem, learner in product(THREADS.get(family, (1,)), problems, learners):
            name = f"{family}_{problem if len(problems) > 1 else learner}" + f"_threads{threads}" * (threads > 1)
            settings = _authors_settings(family, config[family]["problems"][problem])
            selected[name] = Row(name, family, settings, config[family]["learners"][learner], threads)
    return selected


def compared(config: dict[str, Any]) -> dict[str, Row]:
    """Return the rows that are compared with an earlier build, by name: lines on one thread, also with residual blocks.

    Args:
        config: Validated configuration.
    """
    selected = {name: row for name, row in rows(config).items() if row.family == "lines" and row.threads == 1}
    for problem, learner in product(BLOCKS["problems"], BLOCKS["learners"]):
        name = f"lines_{problem}_{learner.removeprefix('end_to_end_')}_blocks"
        settings = _authors_settings("lines", config["lines"]["problems"][problem])
        selected[name] = Row(name, "lines", settings, config["lines"]["learners"][learner])
    return selected


def _authors_settings(family: str, problem: dict[str, Any]) -> dict[str, Any]:
    """Return the problem with an unlimited number of steps and with the evaluations of the authors' scripts."""
    changes = {"n_steps": 10**8, "evaluate_every": EVERY, "snapshots": []}
    if family == "parity":
        changes |= {"subset_sizes": [problem["n_features"] // 2]}
    if family == "lines":
        evaluation, tuples = problem["evaluation"] // LINES_SHORTER, POOL // problem["tuple_length"]
        changes |= {"evaluate_every": EVERY // LINES_SHORTER, "evaluation": evaluation, "n_tuples": tuples}
    return problem | changes
