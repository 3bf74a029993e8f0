"""What was made of what, from the command line (README: `make verify`, `make provenance FILE=...`)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from failures.runtime.files import remove
from failures.runtime.provenance import ROOT, ProvenanceError, digest, is_artifact, read, sidecar

_PRIVATE = re.compile(r"\..+-\d+-[0-9a-f]{32}\..+")  # see `failures.runtime.files.atomic`
_UNRECORDED = {"logs", "benchmarks", "checkpoints", "provenance"}


def recorded() -> Iterator[Path]:
    """Paths of all artifacts that have a sidecar, readable or not, sorted."""
    for path in sorted((ROOT / "provenance").rglob("*.json")):
        if not path.name.startswith("."):
            yield ROOT / path.relative_to(ROOT / "provenance").with_suffix("")


def state(artifact: Path) -> str:
    """One of `ok`, `missing`, `differs from its record` and `unreadable record`."""
    made = read(artifact)
    if not artifact.exists():
        return "missing"
    if made is None:
        return "unreadable record"
    return "ok" if digest(artifact) == made["sha256"] else "differs from its record"


def verify() -> list[str]:
    """Remove what differs from its record, and what killed jobs left half written. Returns a line for each.

    Tables and figures that were made from it go, too: Snakemake makes nothing again that no missing file needs.
    No job may be running. Artifacts without a record are named and left alone: nobody knows who made them.
    """
    states = {artifact: state(artifact) for artifact in recorded()}
    bad = {artifact for artifact, found in states.items() if found in ("differs from its record", "unreadable record")}
    reasons = {artifact: states[artifact] for artifact in bad}
    for artifact in sorted(_made_from(bad, set(states)) - bad):
        if artifact.parent.name in ("tables", "figures") and artifact.exists():
            reasons[artifact] = "depends on a damaged artifact"
    for artifact in reasons:
        remove(artifact)
    for artifact in [*reasons, *(artifact for artifact, found in states.items() if found == "missing")]:
        remove(sidecar(artifact))
    lines = [f"removed {artifact}: {reason}" for artifact, reason in reasons.items()]
    for path in sorted(ROOT.rglob("*")):
        if _PRIVATE.fullmatch(path.name) and path.exists():
            remove(path)
            lines.append(f"removed {path}: partial output of an interrupted job")
    known = {artifact for artifact in states.keys() - reasons.keys() if artifact.exists()}
    return lines + [f"kept {path}: no provenance record, not checked" for path in _unrecorded(known)]


def _made_from(sources: set[Path], artifacts: set[Path]) -> set[Path]:
    """These artifacts' descendants of the sources, by the records; the sources themselves included."""
    inputs = {artifact: set(map(Path, (read(artifact) or {"inputs": {}})["inputs"])) for artifact in artifacts}
    found = set(sources)
    while True:
        more = {artifact for artifact in artifacts - found if inputs[artifact] & found}
        if not more:
            return found
        found |= more


def _unrecorded(known: set[Path]) -> Iterator[Path]:
    """Files below the folders of artifacts that neither are in `known` nor lie in a folder that is."""
    for path in sorted(ROOT.rglob("*")):
        folders = path.relative_to(ROOT).parts[:-1]
        artifact = (
            folders and path.is_file() and not path.name.startswith(".") and not _UNRECORDED.intersection(folders)
        )
        if artifact and path not in known and known.isdisjoint(path.parents):
            yield path


def chain(artifact: Path) -> Iterator[str]:
    """Lines that say how an artifact was made, and from what, down to the instances.

    Raises ProvenanceError if it has no record.
    """
    if not is_artifact(artifact) or read(artifact) is None:
        raise ProvenanceError(
            f"{artifact}: no readable provenance record; pass the path of an artifact, such as results/tables/fig1.csv"
        )
    yield from _chain(artifact, 0, set())


def _chain(artifact: Path, depth: int, shown: set[Path]) -> Iterator[str]:
    made = read(artifact) if is_artifact(artifact) else None
    indent = "  " * depth
    if made is None:
        source = "no readable provenance record" if is_artifact(artifact) else "input file, not made by the workflow"
        yield f"{indent}{artifact}: {source}"
        return
    if artifact in shown:
        yield f"{indent}{artifact}: listed above"
        return
    shown.add(artifact)
    yield f"{indent}{artifact}: {state(artifact)}, sha256 {made['sha256'][:12]}, rule {made['rule']} ({made['code']})"
    if depth == 0:
        yield from (f"  parameter {key} = {value}" for key, value in made["parameters"].items())
        yield "  versions: " + ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    for path, expected in made["inputs"].items():
        known = read(path) if is_artifact(path) else None
        if known is not None and known["sha256"] != expected:
            yield f"{indent}  {path}: rewritten after {artifact} was made"
        else:
            yield from _chain(Path(path), depth + 1, shown)


def main(arguments: list[str]) -> int:
    """Run a command; returns the exit code: 1 if something was removed, or if a file is not known."""
    match arguments:
        case ["verify"]:
            lines = verify()
            count = sum(1 for _ in recorded())
            matching = "1 artifact matches its record" if count == 1 else f"{count} artifacts match their records"
            removed = any(line.startswith("removed") for line in lines)
            remedy = "; the next run recreates removed artifacts" if removed else ""
            print(*lines, f"{matching}{remedy}.", sep="\n")
            return int(removed)
        case ["chain", file] if file:
            try:
                print(*chain(Path(file)), sep="\n")
            except ProvenanceError as error:
                print(error, file=sys.stderr)
                return 1
            return 0
    print("usage: make verify, or make provenance FILE=PATH (such as FILE=results/tables/fig1.csv)", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
