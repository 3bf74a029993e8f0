"""Registry of training, analyses and figures, from which the rules are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from failures.config.experiments import Experiment, Family, block_seeds, pick
from failures.config.schema import family_module
from failures.config.types import ConfigError
from failures.packages import folder, package

KERAS = ("tensorflow-cpu", "tensorflow", "keras", "numpy")
# Functions of Snakemake's wildcards, which are evaluated when a job is planned.
Sources = Callable[[Any], Sequence[str | Path]]
Inputs = dict[str, str | Callable[[Any], list[str]]]


def no_sources(wildcards: Any) -> Sequence[str | Path]:
    """Return no further sources of code."""
    return ()


@dataclass(frozen=True)
class Training:
    """Arguments of the rules FAMILY_instances and FAMILY_train.

    Attributes:
        config: Validated configuration.
        family: Name of the family.
        instances: Keys of a problem that the drawing of instances uses.
        problem: Keys of a problem that training uses.
        memory: Least memory of a training job in MB.
        minutes: Longest run time of a training job.
        priority: Priority of training jobs; jobs with a higher one start first.
        inputs: Further input files of training, by the argument of `Training` in `training.py` of the family.
        sources: Function of the wildcards that returns further modules or files with code that the learner uses.
    """

    config: dict[str, Any]
    family: str
    instances: Sequence[str]
    problem: Sequence[str]
    memory: int
    minutes: int
    priority: int = 0
    inputs: Inputs = field(default_factory=dict)
    sources: Sources = no_sources

    def megabytes(self, problem: str, learner: str) -> int:
        """Return the memory of a training job in MB: `memory`, or more if the settings require it."""
        block = self.config[self.family]
        footprint = getattr(family_module(self.family), "footprint", None)
        if footprint is None:
            return self.memory
        return max(self.memory, footprint(block["problems"][problem], block["learners"][learner]).megabytes)

    def instance_settings(self, wildcards: Any) -> dict[str, Any]:
        """Return the arguments of `draw_instances` for a problem and block, and the `rate_factors`."""
        problem = self.config[self.family]["problems"][wildcards.problem]
        seeds = block_seeds(problem["seeds"], wildcards.block)
        return pick(problem, "stream", *self.instances) | {"seeds": seeds}

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """Return `problem`, `learner` and `xla` of a training job."""
        block = self.config[self.family]
        return {
            "problem": pick(block["problems"][wildcards.problem], "stream", *self.problem),
            "learner": block["learners"][wildcards.learner],
            "xla": self.config["xla"],
        }


@dataclass(frozen=True)
class Analysis:
    """Arguments of the rule of an analysis, such as gradients or predictions of networks.

    Attributes:
        experiments: Experiments of the kind that uses the analysis, by name.
        family: The family.
        analysis: Module in the folder `analyses` of the family.
        output: Path of the table below the results folder, without suffix. It has the wildcard `experiment` if the
            settings depend on the experiment.
        memory: Memory of a job in MB.
        minutes: Longest run time of a job.
        problem: Keys of the wildcards' problem that `analyze` takes.
        learner: Keys of the wildcards' learner that `analyze` takes, beside its `name` and `stream`.
        further: Function of the experiment and the wildcards that returns the other arguments of `analyze`.
        networks: Whether `analyze` reads `runs` and `models` of the experiment.
        inputs: Other files, or functions of the wildcards, by the keys that `analyze` reads.
        packages: Packages that the analysis uses beside TensorFlow, Keras and NumPy.
        local: Whether jobs take seconds and run where Snakemake runs.
        sources: As in `Training`.
    """

    experiments: dict[str, Experiment]
    family: Family
    analysis: str
    output: str
    memory: int
    minutes: int
    problem: Sequence[str] = ()
    learner: Sequence[str] = ()
    further: Callable[[Experiment, Any], dict[str, Any]] | None = None
    networks: bool = False
    inputs: Inputs = field(default_factory=dict)
    packages: Sequence[str] = ()
    local: bool = False
    sources: Sources = no_sources

    @property
    def module(self) -> str:
        """Name of the module with the function `analyze`."""
        return f"{package(self.family.name)}.analyses.{self.analysis}"

    @property
    def files(self) -> Inputs:
        """All input files, or functions of the wildcards, by key."""
        if not self.networks:
            return self.inputs
        return self.inputs | {
            "runs": lambda wildcards: self.experiments[wildcards.experiment].files("runs"),
            "models": lambda wildcards: self.experiments[wildcards.experiment].files("models"),
        }

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """Return the arguments of `analyze` without its inputs."""
        settings: dict[str, Any] = {}
        if self.problem:
            settings |= pick(self.family.settings["problems"][wildcards.problem], *self.problem)
        if self.learner:
            learner = self.family.settings["learners"][wildcards.learner]
            settings |= {"name": wildcards.learner} | pick(learner, "stream", *self.learner)
        if self.further is not None:
            settings |= self.further(self.experiments[wildcards.experiment], wildcards)
        return settings


@dataclass(frozen=True)
class Table:
    """Arguments of a rule NAME_table.

    Attributes:
        module: Name of the module with the function `tabulate`.
        inputs: Input files by the keys that `tabulate` reads.
        settings: The other arguments of `tabulate`.
    """

    module: str
    inputs: dict[str, str | list[str]]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """Arguments of a rule NAME.

    Attributes:
        group: Family or group of the figure, such as parity or comparisons.
        kind: Name of the figure's modules and caption, which experiments of the same kind share.
        module: Name of the module with the function `draw`.
        caption: Path of the caption.
        tables: Names of the tables, in the order of the arguments of `draw`.
    """

    group: str
    kind: str
    module: str
    caption: Path
    tables: Sequence[str]


class Registry:
    """Training, analyses, tables and figures by the names of their rules; training by family.

    Args:
        config: Validated configuration.
        experiments: Settings of the experiments by name, by family, with their kind under `like`.
        results: Folder of the results.
    """

    def __init__(self, config: dict[str, Any], experiments: dict[str, dict[str, dict[str, Any]]], results: str):
        self.config = config
        self.results = results
        self.trainings: dict[str, Training] = {}
        self.analyses: dict[str, Analysis] = {}
        self.tables: dict[str, Table] = {}
        self.figures: dict[str, Figure] = {}
        self._experiments = experiments

    @cached_property
    def families(self) -> dict[str, Family]:
        """Families by name."""
        return {name: Family(name, self.config[name], self.results) for name in self._experiments}

    @cached_property
    def experiments(self) -> dict[str, dict[str, Experiment]]:
        """Experiments by name, by family."""
        return {
            family: {
                name: Experiment(
                    self.families[family], name, block["like"], {key: block[key] for key in block if key != "like"}
                )
                for name, block in blocks.items()
            }
            for family, blocks in self._experiments.items()
        }

    def check_memory(self) -> None:
        """Raise ConfigError if a training job of an experiment needs more memory than `largest_memory`."""
        largest = self.config["largest_memory"]
        for family, training in self.trainings.items():
            for problem, learner in self.families[family].pairs():
                if (needed := training.megabytes(problem, learner)) > largest:
                    raise ConfigError(
                        f"config: {family}.learners.{learner} on {family}.problems.{problem}: training needs about"
                        f" {needed:,} MB of memory, more than largest_memory = {largest:,}; reduce width, depth,"
                        " batch_size or the data, or set largest_memory if your machine has more"
                    )

    def of_kind(self, family: str, kind: str) -> dict[str, Experiment]:
        """Return the experiments of a family that are of one kind, by name."""
        return {name: found for name, found in self.experiments[family].items() if found.kind == kind}

    def add_training(self, family: str, **arguments: Any) -> None:
        """Add the training of a family. arguments: see `Training`."""
        self.trainings[family] = Training(self.config, family, **arguments)

    def add_analysis(self, family: str, kind: str, name: str, **arguments: Any) -> None:
        """Add the analysis of a kind of experiment; without such an experiment there is no rule.

        Args:
            family: Name of the family.
            kind: Kind of the experiments.
            name: Name of the rule.
            arguments: See `Analysis`.
        """
        if experiments := self.of_kind(family, kind):
            self.analyses[name] = Analysis(experiments, self.families[family], **arguments)

    def add_figures(
        self,
        family: str,
        kind: str,
        files: Sequence[str] = (),
        problems: Sequence[str] = (),
        learners: Sequence[str] = (),
        keys: Sequence[str] = (),
        inputs: Callable[[Experiment], dict[str, Any]] = lambda experiment: {},
        settings: Callable[[Experiment], dict[str, Any]] = lambda experiment: {},
    ) -> None:
        """Add a figure per experiment of a kind.

        Args:
            family: Name of the family.
            kind: Name of the kind, of its modules in `tables` and `figures` of the family, and of its caption.
            files: Files of the experiment that `tabulate` reads: history, runs or instances.
            problems: Keys of the selected problems that `tabulate` takes.
            learners: Keys of the selected learners that `tabulate` takes.
            keys: Keys of the experiment that `tabulate` takes.
            inputs: Function of an experiment that returns other input files by the keys that `tabulate` reads.
            settings: Function of an experiment that returns the other arguments of `tabulate`.
        """
        for name, experiment in self.of_kind(family, kind).items():
            arguments = pick(experiment, *keys) | settings(experiment)
            if problems:
                arguments["problems"] = experiment.problems(*problems)
            if learners:
                arguments["learners"] = experiment.learners(*learners)
            paths = {file: experiment.files(file) for file in files} | inputs(experiment)
            self.add_figure(family, name, paths, arguments, kind)

    def add_figure(
        self, group: str, name: str, inputs: dict[str, Any], settings: dict[str, Any], kind: str | None = None
    ) -> None:
        """Add a figure and its table of the same name.

        Args:
            group: Family or group of the figure.
            name: Name of the figure.
            inputs: Input files of the table by the keys that `tabulate` reads.
            settings: The other arguments of `tabulate`.
            kind: Name of the modules and of the caption; by default that of the figure.
        """
        kind = kind or name
        self.tables[name] = Table(f"{package(group)}.tables.{kind}", inputs, settings)
        caption = folder(group) / f"figures/{kind}.rst"
        self.figures[name] = Figure(group, kind, f"{package(group)}.figures.{kind}", caption, [name])

    def figure_files(self, *groups: str) -> list[str]:
        """Return the files of all figures of these groups."""
        names = [name for name, figure in self.figures.items() if figure.group in groups]
        return [f"{self.results}/figures/{name}.{suffix}" for name in names for suffix in ("pdf", "svg", "png")]
