"""Where the results of a configuration are, and where pages that are made from them go."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from failures.config.layers import read_layers, results_folder
from failures.config.types import ConfigError

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Places:
    """Folders of a configuration.

    Attributes:
        results: Folder of the results.
        docs: Folder for pages: docs/ for the paper's scale and no changes, otherwise docs/ in the results.
        words: Variables of make that select the configuration.
        targets: Figures that are named.
    """

    results: Path
    docs: Path
    words: str
    targets: tuple[str, ...]


def places(words: list[str]) -> Places:
    """Return the folders of a configuration; exits with one line if it is wrong.

    Args:
        words: Options as for Snakemake, such as `--configfile mine.yaml --config scale=preview -- fig1`.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--configfile", nargs="+", default=[])
    parser.add_argument("--config", nargs="+", default=[])
    parser.add_argument("targets", nargs="*")
    given = parser.parse_args(words)
    values = dict(value.split("=", 1) for value in given.config)
    try:
        results = Path(results_folder(read_layers(ROOT, given.configfile, values)))
    except ConfigError as error:
        sys.exit(str(error))
    docs = results / "docs" if given.configfile or results != Path("results") else Path("docs")
    variables = [f"{key.upper()}={value}" for key, value in values.items()]
    if given.configfile:
        variables.append(f'CONFIG="{" ".join(given.configfile)}"')
    return Places(results, docs, " ".join(variables), tuple(given.targets))
