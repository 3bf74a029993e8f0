"""Options of Snakemake's command line that Snakemake would drop in silence, or whose files it would not read.

Profiles run `check` before Snakemake reads the configuration files, and the Snakefile runs it for all other profiles.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from failures.config.files import read_yaml
from failures.config.types import ConfigError

# Options of a profile that options of the command line replace as a whole, although they hold what a run needs.
REPLACED = ("configfile", "config", "default-resources", "resources", "set-resources", "set-resource-scopes")
# Options with several values that may be repeated.
HARMLESS = {"targets", "quiet"}
# Options whose values are targets, and those whose values start with the name of a rule.
TARGETS = ("targets", "forcerun", "until", "omit_from")
RULES = ("set_resources", "set_threads")


class _Record(argparse.Namespace):
    """The values that argparse assigns to each option, in their order; the first one is the default."""

    def __init__(self) -> None:
        self.__dict__["values"] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        self.values.setdefault(name, []).append(value)
        super().__setattr__(name, value)


def from_command_line() -> bool:
    """Return whether this process is Snakemake's command, rather than a program that uses Snakemake's API."""
    command = Path(sys.argv[0])
    return command.stem == "snakemake" or command.parent.name == "snakemake"


def check(folder: str | Path = ".") -> None:
    """Check the options of this process, once, and exit with one line if one is bad; see `check_options`.

    Args:
        folder: Folder in which Snakemake was started.
    """
    if from_command_line():
        try:
            _check_once(tuple(sys.argv[1:]), str(Path(folder).resolve()))
        except ConfigError as error:
            sys.exit(str(error))


@cache
def _check_once(arguments: tuple[str, ...], folder: str) -> None:
    with contextlib.chdir(folder):
        check_options(arguments)


def check_options(arguments: Sequence[str]) -> None:
    """Check the options of Snakemake in the current folder.

    Args:
        arguments: Arguments after the name of the command.

    Raises:
        ConfigError: A list is given twice, a configuration file is broken or missing, the profile has a key that
            Snakemake drops, or the command line drops values of the profile.
    """
    given = _parsed(tuple(arguments))
    for option, values in given.values.items():
        if option not in HARMLESS:
            _check_repeated(option, values[1:])
    _check_values(given.config or ())
    for path in given.configfile or ():
        _check_overlay(path)
    for path in _profiles(given):
        _check_profile(path, given, arguments)


@cache
def _parsed(arguments: tuple[str, ...]) -> _Record:
    """Return the options as Snakemake's own parser reads them, without the profiles."""
    from snakemake.cli import get_argument_parser

    return get_argument_parser().parse_args(list(arguments), namespace=_Record())


def check_targets(rules: Collection[str], files: Collection[str], is_output: Callable[[str], bool]) -> None:
    """Check the targets of this process, and exit with one line if no rule makes one; Snakemake names no similar one.

    Args:
        rules: Names of the rules.
        files: Outputs of rules without wildcards.
        is_output: Function that returns whether a rule makes a file.
    """
    if not from_command_line():
        return
    given = _parsed(tuple(sys.argv[1:]))
    named = [(option, str(word)) for option in TARGETS for word in getattr(given, option) or ()]
    for option, word in named:
        if word not in rules and not is_output(word):
            sys.exit(f"{_place(option)}'{word}': no rule has this name or makes this file{_near(word, rules, files)}")
    for option in RULES:
        for word in getattr(given, option) or ():
            if word not in rules:
                sys.exit(f"{_place(option)}'{word}': no rule has this name{_near(word, rules, ())}")


def check_requests(jobs: Iterable[Any]) -> None:
    """Exit with one line if a job for a cluster requests no memory or no run time.

    Args:
        jobs: Snakemake's jobs.
    """
    for job in jobs:
        if not job.is_local and (missing := {"mem_mb", "runtime"} - job.resources.keys()):
            sys.exit(f"rule {job.rule.name}: sets no {' and no '.join(sorted(missing))}; add it to its `resources`")


def _place(option: str) -> str:
    return "target " if option == "targets" else f"{_flag(option)}: "


def _near(word: str, rules: Collection[str], files: Collection[str]) -> str:
    """Return a hint on similar names of rules, or of files if the word has a folder or a suffix."""
    is_path = "/" in word or "." in word
    found = get_close_matches(word if is_path else word.lower(), files if is_path else rules, 5, cutoff=0.6)
    return f"; similar: {', '.join(found)}" if found else "; `snakemake --list-target-rules` lists the targets"


def _check_repeated(option: str, values: Sequence[Any]) -> None:
    """Raise ConfigError if a later list of values replaces an earlier one."""
    for earlier, later in itertools.pairwise(values):
        if isinstance(earlier, list | set | tuple | dict) and not all(value in later for value in earlier):
            words = " ".join(str(value) for found in values for value in found)
            raise ConfigError(
                f"{_flag(option)} is given {len(values)} times, and Snakemake keeps only the last; write it once:"
                f" {_flag(option)} {words}"
            )


def _flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _check_values(entries: Sequence[str]) -> None:
    """Raise ConfigError if a word after `--config` is no value of a key, or a second one."""
    keys = []
    for entry in entries:
        key, sign, _ = str(entry).partition("=")
        if not sign or not key.isidentifier():
            raise ConfigError(f"--config: '{entry}' must be KEY=VALUE, such as scale=preview; {_behind_dashes(entry)}")
        if key in keys:
            raise ConfigError(f"--config: '{key}' is given twice, and Snakemake keeps only the last; keep one of them")
        keys.append(key)


def _behind_dashes(word: Any) -> str:
    return f"if it is a target, write targets behind two dashes: `-- {word}`"


def _check_overlay(path: Path) -> None:
    """Raise ConfigError if a file after `--configfile` cannot be read, is empty or is the name of a target."""
    if not path.exists() and path.suffix not in (".yaml", ".yml", ".json"):
        raise ConfigError(f"--configfile: '{path}' is no file; {_behind_dashes(path)}")
    if not read_yaml(path) and yaml.safe_load(path.read_bytes()) is None:
        raise ConfigError(f"{path}: has no keys; write at least one, such as `scale: preview`")


def _profiles(given: _Record) -> Iterator[Path]:
    """Yield the files of the profiles, the workflow's own last, as Snakemake finds them."""
    from snakemake.api import resolve_snakefile
    from snakemake.cli import get_profile_dir

    names = [str(name) for name in given.profile or () if name != "none"]
    if given.workflow_profile != "none":
        name = Path(given.workflow_profile or "default")
        beside = Path(resolve_snakefile(given.snakefile, allow_missing=True) or "").parent
        folders = [name, "profiles" / name, beside / "profiles" / name]
        names += [str(path) for path in folders if path.exists()][:1]
    for name in names:
        if found := get_profile_dir(name):
            yield found[1]


def _check_profile(path: Path, given: _Record, arguments: Sequence[str]) -> None:
    """Raise ConfigError if Snakemake drops a key of a profile, or the command line drops values of a profile."""
    profile = {key: value for key, value in read_yaml(path).items() if not key.startswith(("_", "?"))}
    read = _as_snakemake(path, profile)
    for key, value in profile.items():
        if value is not None and key not in read:
            raise ConfigError(f"{path}: {key}: Snakemake ignores this key; {_allowed(key)}")
    for key in REPLACED:
        option = key.replace("-", "_")
        if key in read and len(given.values[option]) > 1:
            kept = {word.removeprefix(f"--{key}=").partition("=")[0] for word in arguments}
            entries = [str(value) for value in _listed(read[key])]
            if lost := [entry for entry in entries if entry.partition("=")[0] not in kept]:
                raise ConfigError(
                    f"--{key} on the command line replaces all of `{key}` in {path}; add what it drops:"
                    f" --{key} {' '.join(lost)}"
                )


def _as_snakemake(path: Path, profile: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a profile that Snakemake reads, with their values as on the command line."""
    from snakemake.profiles import ProfileConfigFileParser

    stream = io.StringIO(yaml.safe_dump(profile))
    stream.name = str(path)
    return ProfileConfigFileParser().parse(stream)


def _allowed(key: str) -> str:
    """Return what to do about a key of a profile that Snakemake ignores."""
    from snakemake.cli import get_argument_parser

    options = [word[2:] for word in get_argument_parser().format_help().split() if word.startswith("--")]
    options = [option.rstrip(",") for option in options]
    similar = get_close_matches(key, options, 1)
    return f"did you mean '{similar[0]}'?" if similar and similar[0] != key else "it takes no mapping"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
