"""Check artifacts against their records and trace how they were made (`make verify`, `make provenance FILE=...`)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from failures.runtime.files import remove
from failures.runtime.provenance import ROOT, ProvenanceError, digest, is_artifact, read, sidecar

_PRIVATE = re.compile(r"\..+-\d+-[0-9a-f]{32}\..+")  # see `failures.runtime.files.atomic`
_UNRECORDED = {"logs", "benchmarks", "checkpoints", "provenance", "docs"}


def recorded() -> Iterator[Path]:
    """Yield the paths of all artifacts that have a record, readable or not, sorted."""
    for path in sorted((ROOT / "provenance").rglob("*.json")):
        if not path.name.startswith("."):
            yield ROOT / path.relative_to(ROOT / "provenance").with_suffix("")


def state(artifact: Path) -> str:
    """Return `ok`, `missing`, `differs from its record` or `unreadable record`."""
    record = read(artifact)
    if not artifact.exists():
        return "missing"
    if record is None:
        return "unreadable record"
    return "ok" if digest(artifact) == record["sha256"] else "differs from its record"


def verify() -> list[str]:
    """Remove artifacts that differ from their records, and partial outputs of killed jobs.

    Tables and figures that depend on a removed artifact are removed, too, because Snakemake recreates an input only if
    an output that needs it is missing. Artifacts without a record are kept and reported. No job may be running.

    Returns:
        One line per removed or unchecked file.
    """
    states = {artifact: state(artifact) for artifact in recorded()}
    bad = {
        artifact for artifact, current in states.items() if current in ("differs from its record", "unreadable record")
    }
    reasons = {artifact: states[artifact] for artifact in bad}
    for artifact in sorted(_made_from(bad, set(states)) - bad):
        if artifact.parent.name in ("tables", "figures") and artifact.exists():
            reasons[artifact] = "depends on a damaged artifact"
    for artifact in reasons:
        remove(artifact)
    for artifact in [*reasons, *(artifact for artifact, current in states.items() if current == "missing")]:
        remove(sidecar(artifact))
    lines = [f"removed {artifact}: {reason}" for artifact, reason in reasons.items()]
    for path in sorted(ROOT.rglob("*")):
        if _PRIVATE.fullmatch(path.name) and path.exists():
            remove(path)
            lines.append(f"removed {path}: partial output of an interrupted job")
    known = {artifact for artifact in states.keys() - reasons.keys() if artifact.exists()}
    return lines + [f"kept {path}: no provenance record, not checked" for path in _unrecorded(known)]


def _made_from(sources: set[Path], artifacts: set[Path]) -> set[Path]:
    """Return these sources, and the artifacts that depend on them by their records."""
    inputs = {artifact: set(map(Path, (read(artifact) or {"inputs": {}})["inputs"])) for artifact in artifacts}
    descendants = set(sources)
    while True:
        more = {artifact for artifact in artifacts - descendants if inputs[artifact] & descendants}
        if not more:
            return descendants
        descendants |= more


def _unrecorded(known: set[Path]) -> Iterator[Path]:
    """Yield the files in folders of artifacts that are not in `known` and have no parent folder in it."""
    for path in sorted(ROOT.rglob("*")):
        folders = path.relative_to(ROOT).parts[:-1]
        artifact = (
            folders and path.is_file() and not path.name.startswith(".") and not _UNRECORDED.intersection(folders)
        )
        if artifact and path not in known and known.isdisjoint(path.parents):
            yield path


def chain(artifact: Path) -> Iterator[str]:
    """Yield lines that describe how an artifact was made, and from what, down to the instances.

    Raises:
        ProvenanceError: The artifact has no readable record.
    """
    if not is_artifact(artifact) or read(artifact) is None:
        raise ProvenanceError(
            f"{artifact}: no readable provenance record; pass the path of an artifact, such as results/tables/fig1.csv"
        )
    yield from _chain(artifact, 0, set())


def _chain(artifact: Path, depth: int, shown: set[Path]) -> Iterator[str]:
    """Yield the lines of an artifact and of its inputs, indented by depth."""
    record = read(artifact) if is_artifact(artifact) else None
    indent = "  " * depth
    if record is None:
        source = "no readable provenance record" if is_artifact(artifact) else "input file, not made by the workflow"
        yield f"{indent}{artifact}: {source}"
        return
    if artifact in shown:
        yield f"{indent}{artifact}: listed above"
        return
    shown.add(artifact)
    rule = f"rule {record['rule']} ({record['code']})"
    yield f"{indent}{artifact}: {state(artifact)}, sha256 {record['sha256'][:12]}, {rule}"
    if depth == 0:
        yield from (f"  parameter {key} = {value}" for key, value in record["parameters"].items())
        yield "  versions: " + ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    for path, expected in record["inputs"].items():
        known = read(path) if is_artifact(path) else None
        if known is not None and known["sha256"] != expected:
            yield f"{indent}  {path}: rewritten after {artifact} was made"
        else:
            yield from _chain(Path(path), depth + 1, shown)


def main(arguments: list[str]) -> int:
    """Run a command. Returns the exit code: 1 if something was removed or a file is unknown, 2 for wrong usage."""
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
