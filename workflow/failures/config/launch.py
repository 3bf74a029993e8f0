"""Checks of how Snakemake was started: limits, the path of the project, storage and shared file systems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from failures.config.types import ConfigError

# Why a path cannot contain a character. All other characters work.
UNDECODABLE = {r"[\udc80-\udcff]": "Snakemake writes paths as UTF-8"}
REFUSED = {
    r"\s": "Snakemake splits the command of a script at white space",
    r"[{}]": "Snakemake takes braces in the path of a script for a format",
    r":": "PYTHONPATH and virtual environments separate paths by colons",
    **UNDECODABLE,
}
# What all nodes must share, in the words of Snakemake's option `--shared-fs-usage`.
SHARED = ("persistence", "input-output", "sources")
# Snakemake's settings that limit how much runs at once, and their options.
LIMITS = {"cores": "--cores", "nodes": "--jobs", "local_cores": "--local-cores", "max_threads": "--max-threads"}


def check_limits(settings: Any) -> None:
    """Check how much may run at once: with -1 core Snakemake starts every job at once, and with 0 it waits for ever.

    Args:
        settings: Snakemake's resource settings.

    Raises:
        ConfigError: A limit is below 1.
    """
    for name, option in LIMITS.items():
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise ConfigError(f"{option} {value}: must be a whole number of at least 1, or left out")


def check_path(path: Path) -> None:
    """Check that Snakemake can run the scripts of a project.

    Raises:
        ConfigError: The path of the project contains a character that breaks the workflow.
    """
    _check(path, REFUSED, "move the project folder")


def check_directory(path: Path) -> None:
    """Check that Snakemake can write the path of the working directory, which may contain all other characters.

    Raises:
        ConfigError: The path is not UTF-8.
    """
    _check(path, UNDECODABLE, "choose another with --directory FOLDER")


def _check(path: Path, refused: Mapping[str, str], remedy: str) -> None:
    for pattern, reason in refused.items():
        if found := re.search(pattern, str(path)):
            raise ConfigError(
                f"path {str(path)!r} contains {found[0]!r}, which the workflow does not support: {reason}; {remedy}"
            )


def check_storage(provider: str | None, shared: Iterable[str]) -> None:
    """Check that jobs see the results of one another. Records and checkpoints are not outputs of rules.

    Args:
        provider: Snakemake's default storage provider.
        shared: What all nodes share, as choices of `--shared-fs-usage`.

    Raises:
        ConfigError: Results are in a storage, or the nodes do not share what the workflow needs.
    """
    needed = "the workflow needs a file system that all nodes share, for results, records and checkpoints"
    if provider:
        raise ConfigError(f"--default-storage-provider {provider} is not supported: {needed}; leave the option out")
    shared = set(shared)
    if missing := [usage for usage in SHARED if usage not in shared]:
        raise ConfigError(
            f"--shared-fs-usage lacks {', '.join(missing)}: {needed}; add what is missing, leave the option out, "
            "or use an executor with a shared file system"
        )
