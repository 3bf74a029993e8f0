"""Where an artifact comes from: a sidecar beside each, which says how it was made and lets readers check it.

The sidecar of `results/PATH` is `results/provenance/PATH.json`. It depends on nothing but the artifact's content
and what decided it: no clock, host or absolute path.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from failures.runtime.files import atomic

ROOT = Path("results")
PROJECT = Path(__file__).resolve().parents[3]
PACKAGES = ("keras", "matplotlib", "numpy", "pandas", "pyarrow", "scipy", "seaborn", "tensorflow", "tensorflow-cpu")


class ProvenanceError(ValueError):
    """An artifact is not what was recorded of it; the text is one line that names it."""


def is_artifact(path: str | Path) -> bool:
    """Whether a path lies below `results/`; a module's prefix may stand before that."""
    return ROOT.name in Path(path).parts[:-1] and ".." not in Path(path).parts


def sidecar(artifact: str | Path) -> Path:
    """Path of the sidecar of an artifact; ValueError for a path that is none."""
    if not is_artifact(artifact):
        raise ValueError(f"{artifact}: not an artifact; pass a path below {ROOT}/, such as {ROOT}/tables/fig1.csv")
    parts = Path(artifact).parts
    at = parts.index(ROOT.name) + 1
    return Path(*parts[:at], "provenance", *parts[at:-1], f"{parts[-1]}.json")


def digest(artifact: Path) -> str:
    """SHA-256 of a file, or of the names and contents of a folder's files; hidden files do not count.

    Raises FileNotFoundError if there is none.
    """
    if not artifact.is_dir():
        with open(artifact, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(path for path in artifact.rglob("*") if path.is_file() and not path.name.startswith("."))
    lines = "".join(f"{digest(path)}  {path.relative_to(artifact).as_posix()}\n" for path in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def record(job: Any) -> None:
    """Write the sidecars of a finished job's outputs.

    job: the object `snakemake` of a script; its rule, wildcards, params, input and output.
    """
    params = dict(job.params.items())
    params.pop("numbers", None)  # for captions, and no part of the artifact
    made = {
        "rule": job.rule,
        "wildcards": dict(job.wildcards.items()),
        "code": params.pop("code", None),
        "parameters": params,
        "versions": {"python": platform.python_version()} | _installed(),
        "inputs": {_name(Path(path)): digest(Path(path)) for path in job.input},
    }
    for output in job.output:
        content = {"path": str(output), "sha256": digest(Path(output))} | made
        with atomic(sidecar(output)) as private:
            private.write_text(json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n")


def _name(path: Path) -> str:
    """An input's path, wherever the workflow was run from: files of the project by their place in it."""
    if is_artifact(path):
        return str(path)
    whole = path.resolve()
    return whole.relative_to(PROJECT).as_posix() if whole.is_relative_to(PROJECT) else path.name


def check(artifacts: Iterable[str | Path]) -> None:
    """Compare artifacts with their sidecars; those that lie elsewhere than below `results/` have none.

    Raises ProvenanceError for the first that differs or has no sidecar.
    """
    for artifact in map(Path, artifacts):
        if not is_artifact(artifact):
            continue
        made = read(artifact)
        if made is None:
            raise ProvenanceError(
                f"{artifact}: provenance record {sidecar(artifact)} is missing or unreadable; "
                "delete the artifact and run again"
            )
        if digest(artifact) != made["sha256"]:
            raise ProvenanceError(
                f"{artifact}: changed since rule {made['rule']} made it; remove it with `make verify`, then run again"
            )


def read(artifact: str | Path) -> dict[str, Any] | None:
    """The sidecar of an artifact, or None if there is none that can be read."""
    try:
        made = json.loads(sidecar(artifact).read_text())
    except (OSError, ValueError):
        return None
    return made if isinstance(made, dict) and {"rule", "sha256", "inputs"} <= made.keys() else None


def _installed() -> dict[str, str]:
    """Versions of the packages that decide results, of those that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
