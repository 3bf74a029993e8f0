"""Which run of Snakemake to resume: the options of an interrupted run, and those that are given."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from failures.runtime import snakemake_runs


class ResumeError(RuntimeError):
    """A run cannot be resumed safely; the message is one line."""


@dataclass(frozen=True)
class Resumption:
    """A run to resume.

    Attributes:
        command: Command line of Snakemake.
        folder: Folder in which it is run.
        records: Paths of the records of interrupted runs that it continues.
    """

    command: list[str]
    folder: Path
    records: tuple[Path, ...]


def options(command: list[str]) -> argparse.Namespace:
    """Parse a command line of Snakemake with Snakemake's own parser, including the options of its profiles.

    Args:
        command: Program, up to a word with the file name `snakemake`, and its options.

    Raises:
        ResumeError: Snakemake does not know an option or its value.
    """
    return _parsed(tuple(command[_program(command) :]), Path.cwd())


@cache
def _parsed(words: tuple[str, ...], folder: Path) -> argparse.Namespace:
    """Parse options; `folder` is the working directory, on which profiles depend."""
    from snakemake import cli  # takes a second

    messages = io.StringIO()
    try:
        with redirect_stderr(messages):
            return cli.parse_args(list(words))[1]
    except SystemExit:
        reason = messages.getvalue().strip().splitlines()[-1].partition("error: ")[2]
        raise ResumeError(f"snakemake {' '.join(words)}: {reason}") from None
    except Exception as error:
        raise ResumeError(f"snakemake {' '.join(words)}: {' '.join(str(error).split())}") from None


def _program(command: list[str]) -> int:
    """Return the number of words before the options."""
    return next(n for n, word in enumerate(command, 1) if Path(word).name == "snakemake")


def working_directory(command: list[str]) -> Path:
    """Return the working directory of a Snakemake command: the value of --directory, or the current one."""
    return Path(options(command).directory or "").resolve()


def resumptions(command: list[str]) -> Iterator[Resumption]:
    """Yield the runs to resume.

    Options that name a configuration or targets name the run. Without these, every interrupted run of the folder is
    resumed with the options that it was started with, followed by the given ones, such as `--cores 2`.

    Args:
        command: Command line of Snakemake.

    Raises:
        ResumeError: A run is active; no interrupted run is recorded; or it had another configuration.
    """
    here = working_directory(command)
    runs = snakemake_runs.read(here)
    for path, run in runs.items():
        if snakemake_runs.is_active(path):
            raise ResumeError(still_running(here, run.process, f" on {run.host}"))
    given, n = options(command), _program(command)
    if given.configfile or given.config or given.targets:
        yield Resumption(command, Path.cwd(), _same_configuration(command, here, runs))
        return
    if not runs:
        raise ResumeError(
            f"no interrupted run is recorded in {here}: start one with `make preview` or `make reproduce`, "
            "or name the run, such as `make resume SCALE=preview`"
        )
    further = [*(word for word in command[n:] if word != "--"), "--directory", str(here)]
    for path, run in runs.items():
        words = list(run.options)
        at = words.index("--") if "--" in words else len(words)
        yield Resumption([*command[:n], *words[:at], *further, *words[at:]], Path(run.folder), (path,))


def still_running(here: Path, process: int, where: str = "") -> str:
    """Return the message that Snakemake runs in a folder.

    Args:
        here: The folder.
        process: ID of Snakemake's process.
        where: Further words on the process.
    """
    return (
        f"Snakemake is still running in {here} (process {process}{where}); "
        "wait until it ends, or stop it and run `make resume` again"
    )


def _same_configuration(command: list[str], here: Path, runs: dict[Path, snakemake_runs.Run]) -> tuple[Path, ...]:
    """Return the records of the interrupted runs with the configuration of a command; ResumeError if all differ."""
    same = []
    for path, run in runs.items():
        with chdir(run.folder):
            recorded = _configuration(["snakemake", *run.options])
        if recorded == _configuration(command):
            same.append(path)
    if runs and not same:
        shown = " ".join(["snakemake", *next(iter(runs.values())).options])
        raise ResumeError(
            f"the interrupted run in {here} is `{shown}`, which has another configuration: run `make resume` without "
            "SCALE, VARIANT, CONFIG, TARGETS and OPTIONS to continue it, or give its configuration as well"
        )
    return tuple(same)


def _configuration(command: list[str]) -> tuple[list[Path], set[str]]:
    """Return the overlays and the configuration values of a command, without those that are the default."""
    given = options(command)
    return [Path(file).resolve() for file in given.configfile or ()], set(given.config or ()) - _DEFAULTS


_DEFAULTS = {"scale=full", "variant=code"}
