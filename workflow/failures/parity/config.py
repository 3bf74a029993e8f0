"""Configuration block `parity`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.settings import Learner, Name, Names, Seeds, Settings, check_selected, unique

# The cube has 2^d points; beyond this an evaluation on all of them would dwarf the training.
LARGEST_CUBE = 14

Sizes = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1), AfterValidator(unique)]


class Problem(Settings):
    """Parities over d bits, and how long a learner trains on one."""

    n_features: int = Field(ge=1, le=1024)
    """Input dimension d."""
    encoding: Literal["variant", "signed", "binary"] = "variant"
    """Values of the input bits: `signed` {-1, +1}, `binary` {0, 1}; `variant` is signed for the scripts, binary for
    the text."""
    subset_sizes: Literal["random", "all"] | Sizes = "random"
    """Size |v*| of the target's subset: `random` draws v* as the variant does, one target a replicate; a list, or
    `all` for 1..d, draws a subset of each size for each replicate."""
    n_steps: int = Field(50_000, ge=1, le=100_000_000)
    """Training steps of a run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Evaluate after the update at steps 0, this, twice this, ... and the last."""
    evaluation: Literal["cube"] | Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """Samples of an evaluation, drawn afresh; `cube` evaluates exactly, on all 2^d inputs (d up to 14)."""
    checkpoint_every: int = Field(5_000, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to whole evaluations; an interrupted run resumes from the last."""
    seeds: Seeds | None = None
    """Replicates of this problem; the shared `seeds` if left out."""

    @model_validator(mode="after")
    def _fits_the_dimension(self) -> Problem:
        if isinstance(self.subset_sizes, list) and max(self.subset_sizes) > self.n_features:
            raise ValueError(f"subset_sizes: {max(self.subset_sizes)} is more than n_features = {self.n_features}")
        if self.evaluation == "cube" and self.n_features > LARGEST_CUBE:
            raise ValueError(f"evaluation: cube needs n_features of at most {LARGEST_CUBE}, not {self.n_features}")
        return self


class Figure(Settings):
    """What a figure shows: every selected learner on every selected problem."""

    problems: Names
    """Names of problems."""
    learners: Names
    """Names of learners."""


class Config(Settings):
    """Random parities (section 2, Figure 1)."""

    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; only those that a figure selects are trained."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; only those that a figure selects are trained."""
    fig1: Figure
    """Figure 1 of the paper: accuracy against steps."""
    parity_size: Figure
    """Steps to a given accuracy against the subset size |v*|."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        for name, figure in (("fig1", self.fig1), ("parity_size", self.parity_size)):
            check_selected(figure.problems, self.problems, "problem", f"{name}.problems")
            check_selected(figure.learners, self.learners, "learner", f"{name}.learners")
        for problem in self.parity_size.problems:
            if self.problems[problem].subset_sizes == "random":
                raise ValueError(f"parity_size.problems: '{problem}' has random subset_sizes; give a list or 'all'")
        return self


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Replace the values that stand for others (`variant`, `all`, no seeds) by what they stand for.

    block: a validated `parity` block. Returns a new block.
    """
    problems = {}
    for name, problem in block["problems"].items():
        sizes, encoding = problem["subset_sizes"], problem["encoding"]
        if encoding == "variant":
            encoding = {"code": "signed", "paper": "binary"}[variant]
        if sizes == "all":
            sizes = list(range(1, problem["n_features"] + 1))
        problems[name] = problem | {"encoding": encoding, "subset_sizes": sizes, "seeds": problem["seeds"] or seeds}
    return block | {"problems": problems}
