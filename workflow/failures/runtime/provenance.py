"""Provenance of artifacts: a sidecar records how an artifact was produced, so that readers can verify it.

The sidecar of `results/PATH` is `results/provenance/PATH.json`. It depends only on the content of the artifact and on
what determines it. It contains no time, host or absolute path.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from failures.runtime.files import atomic

ROOT = Path("results")
PROJECT = Path(__file__).resolve().parents[3]
PACKAGES = ("keras", "matplotlib", "numpy", "pandas", "pyarrow", "scipy", "seaborn", "tensorflow", "tensorflow-cpu")


class ProvenanceError(ValueError):
    """An artifact differs from its record or has none; the message is one line that names the artifact."""


def is_artifact(path: str | Path) -> bool:
    """Return whether a path lies below `results/`, which may follow the prefix of a module.

    Args:
        path: Path of a file or folder.
    """
    return ROOT.name in Path(path).parts[:-1] and ".." not in Path(path).parts


def sidecar(artifact: str | Path) -> Path:
    """Return the path of the sidecar of an artifact.

    Args:
        artifact: Path below `results/`.

    Raises:
        ValueError: The path does not lie below `results/`.
    """
    if not is_artifact(artifact):
        raise ValueError(f"{artifact}: not an artifact; pass a path below {ROOT}/, such as {ROOT}/tables/fig1.csv")
    parts = Path(artifact).parts
    depth = parts.index(ROOT.name) + 1
    return Path(*parts[:depth], "provenance", *parts[depth:-1], f"{parts[-1]}.json")


def digest(artifact: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of all files in a folder except hidden ones.

    Args:
        artifact: Path of a file or folder.

    Raises:
        FileNotFoundError: The path does not exist.
    """
    if not artifact.is_dir():
        with open(artifact, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(path for path in artifact.rglob("*") if path.is_file() and not path.name.startswith("."))
    lines = "".join(f"{digest(path)}  {path.relative_to(artifact).as_posix()}\n" for path in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def record(job: Any) -> None:
    """Write the sidecars of the outputs of a finished job.

    Args:
        job: The object `snakemake` of a script, with rule, wildcards, params, input and output.
    """
    params = dict(job.params.items())
    params.pop("numbers", None)  # used by captions, not by the artifact
    origin = {
        "rule": job.rule,
        "wildcards": dict(job.wildcards.items()),
        "code": params.pop("code", None),
        "parameters": params,
        "versions": {"python": platform.python_version()} | _installed(),
        "inputs": {_name(Path(path)): digest(Path(path)) for path in job.input},
    }
    for output in job.output:
        content = {"path": str(output), "sha256": digest(Path(output))} | origin
        with atomic(sidecar(output)) as private:
            private.write_text(json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n")


def _name(path: Path) -> str:
    """Return the path of an input as recorded: files of the project relative to its root, other files by name."""
    if is_artifact(path):
        return str(path)
    resolved = path.resolve()
    return resolved.relative_to(PROJECT).as_posix() if resolved.is_relative_to(PROJECT) else path.name


def check(artifacts: Iterable[str | Path]) -> None:
    """Compare artifacts with their sidecars; paths outside `results/` are skipped.

    Args:
        artifacts: Paths of files or folders.

    Raises:
        ProvenanceError: For the first artifact that differs from its sidecar or has none.
    """
    for artifact in map(Path, artifacts):
        if not is_artifact(artifact):
            continue
        entry = read(artifact)
        if entry is None:
            raise ProvenanceError(
                f"{artifact}: provenance record {sidecar(artifact)} is missing or unreadable; "
                "delete the artifact and run again"
            )
        if digest(artifact) != entry["sha256"]:
            raise ProvenanceError(
                f"{artifact}: changed since rule {entry['rule']} made it; remove it with `make verify`, then run again"
            )


def read(artifact: str | Path) -> dict[str, Any] | None:
    """Return the sidecar of an artifact, or None if it is missing or unreadable.

    Args:
        artifact: Path below `results/`.
    """
    try:
        entry = json.loads(sidecar(artifact).read_text())
    except (OSError, ValueError):
        return None
    return entry if isinstance(entry, dict) and {"rule", "sha256", "inputs"} <= entry.keys() else None


@cache
def installed(package: str) -> str | None:
    """Return the version of a package; None where it is missing, as in the base environment of --sdm conda."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _installed() -> dict[str, str]:
    """Return the versions of the packages that determine results: as imported, and as installed if not imported."""
    found = {package: installed(package) for package in PACKAGES}
    return {package: _imported(package) or number for package, number in found.items() if number is not None}


def _imported(package: str) -> str | None:
    """Return the version that an imported package states, which differs from the installed one on a changed path."""
    return getattr(sys.modules.get(package.removesuffix("-cpu")), "__version__", None)
