"""Content of the report, read from finished tables, figures, captions and records."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from failures.artifacts.formats import duration
from failures.reporting.captions import Caption, figure_caption
from failures.reporting.page import cells
from failures.reporting.page.images import Image, embed
from failures.reporting.page.jobs import behind, read_jobs, rule_edges
from failures.runtime import provenance


@dataclass(frozen=True)
class Figure:
    """A figure with its caption, links and cost.

    Attributes:
        links: Link texts and addresses relative to the report.
        runs: Link texts and addresses of the folders of trained networks behind the figure.
        took: CPU time of all jobs behind the figure; None if unknown.
    """

    name: str
    caption: Caption
    image: Image
    links: list[tuple[str, str]]
    runs: list[tuple[str, str]]
    took: str | None


@dataclass(frozen=True)
class Family:
    """A family of problems: texts of its `page.yaml`, figures, and number of claims per verdict."""

    name: str
    title: str
    section: str
    question: str
    answer: str
    figures: list[Figure]
    counts: list[tuple[str, int]]


class Inputs:
    """Input files of the report.

    Args:
        inputs: Paths by kind: `figures` (PNG), `tables`, `captions`, `texts` (page.yaml of each family),
            `costs_caption`, and the tables `costs`, `costs_rules` and `costs_scaling`.
        root: Folder of the report.
    """

    def __init__(self, inputs: dict[str, Any], root: str):
        self.files = inputs
        self.root = root
        self._named = {kind: {Path(p).stem: p for p in inputs[kind]} for kind in ("figures", "tables", "captions")}
        self._texts = {Path(path).parent.name: path for path in inputs["texts"]}
        self.jobs = read_jobs(inputs["costs"])

    def find(self, kind: str, name: str) -> str:
        """Return the path of a figure, table or caption; raises FileNotFoundError if it is missing."""
        path = self._named[kind].get(name)
        if path is None or not Path(path).is_file():
            reason = f"no file {path}" if path else f"not among the input {kind}"
            raise FileNotFoundError(f"report: missing {name}: {reason}")
        return path

    def text(self, family: str) -> dict[str, str]:
        """Read title, section, question and answer of a family; raises ValueError for other or missing keys."""
        path = self._texts.get(family)
        if path is None:
            raise FileNotFoundError(f"report: missing page.yaml of the family {family}")
        text = yaml.safe_load(Path(path).read_text("utf-8"))
        if not isinstance(text, dict) or text.keys() != {"title", "section", "question", "answer"}:
            raise ValueError(f"{path}: requires exactly the keys title, section, question and answer")
        return text

    def table(self, name: str) -> pd.DataFrame | None:
        """Read a table; None if the configuration has no table of this name."""
        return pd.read_csv(self.find("tables", name)) if name in self._named["tables"] else None

    def link(self, path: str | Path) -> str:
        """Return the address of a file or folder, relative to the report."""
        return Path(os.path.relpath(path, self.root)).as_posix()


def figure(inputs: Inputs, name: str, kind: str, caption: Caption | None = None) -> Figure:
    """Collect everything about one figure.

    Args:
        inputs: Input files of the report.
        name: Name of the figure.
        kind: Name of its caption; an experiment that is like another has the caption of that one.
        caption: Caption; by default that of the kind, with numbers from the figure's table.
    """
    png = inputs.find("figures", name)
    jobs = behind(inputs.jobs, f"figures/{name}")
    root = Path(inputs.root)
    files = {
        "table": root / f"tables/{name}.csv",
        "PDF": Path(png).with_suffix(".pdf"),
        "SVG": Path(png).with_suffix(".svg"),
        "log of the figure": root / f"logs/figures/{name}.log",
        "log of the table": root / f"logs/tables/{name}.log",
        "record": provenance.sidecar(png),
    }
    return Figure(
        name=name,
        caption=caption or figure_caption(inputs.find("captions", kind), [inputs.find("tables", name)]),
        image=embed(png),
        links=[(words, inputs.link(path)) for words, path in files.items() if path.is_file()],
        runs=[(job.removeprefix("runs/"), f"{job}/models") for job in jobs if job.startswith("runs/")],
        took=duration(inputs.jobs.loc[jobs, "cpu_s"].sum()) if jobs else None,
    )


def families(inputs: Inputs, names: dict[str, dict[str, str]], claims: list[cells.Claim]) -> list[Family]:
    """Collect all families with their figures, in the paper's order.

    Args:
        inputs: Input files of the report.
        names: Kinds of figures by name, by family.
        claims: All claims.
    """
    sections = [
        Family(
            name=family,
            **inputs.text(family),
            figures=[figure(inputs, name, kind) for name, kind in figures.items()],
            counts=cells.counts([claim for claim in claims if claim.family == family]),
        )
        for family, figures in names.items()
        if family != "claims"
    ]
    return sorted(sections, key=lambda family: family.section)


def blocks(config: dict[str, Any]) -> list[tuple[str, str]]:
    """Convert the configuration to YAML blocks; top-level values form the first block."""
    plain = json.loads(json.dumps(config))  # without shared lists, which YAML would write as references
    single = {key: value for key, value in plain.items() if not isinstance(value, dict)}
    parts = {"general": single} | {key: value for key, value in plain.items() if isinstance(value, dict)}
    return [
        (key, yaml.safe_dump(part, sort_keys=False, default_flow_style=None, width=88)) for key, part in parts.items()
    ]


def versions(inputs: Inputs, further: dict[str, str | None]) -> list[tuple[str, str]]:
    """Collect package versions from the records of tables and networks; several per package if they differ.

    Args:
        inputs: Input files of the report.
        further: Versions of other packages; None (not installed) is omitted.

    Returns:
        Names and versions, sorted by name.
    """
    training = [name for name in inputs.jobs.index if name.startswith("runs/")]
    artifacts = [*inputs.files["tables"], *(Path(inputs.root, name, "runs.csv") for name in training)]
    packages: dict[str, set[str]] = {name: {version} for name, version in further.items() if version}
    for artifact in artifacts:
        for name, version in ((provenance.read(artifact) or {}).get("versions") or {}).items():
            packages.setdefault(name, set()).add(version)
    return sorted((name, ", ".join(sorted(numbers))) for name, numbers in packages.items())


def gather(
    inputs: Inputs, names: dict[str, dict[str, str]], config: dict[str, Any], further: dict[str, str | None]
) -> dict:
    """Collect the template's values, except style and scripts.

    Args:
        names: Kinds of figures by name, by family.
        config: Validated configuration.
        further: Versions of other packages, as in `versions`.
    """
    claims = cells.claims(pd.read_csv(inputs.find("tables", "claims")))
    published = inputs.table("published")
    cost_tables = [inputs.files[name] for name in ("costs_rules", "costs_scaling")]
    rules, scaling = map(pd.read_csv, cost_tables)
    measured = scaling[scaling["part"] == "measured"].squeeze()
    return {
        "scale": config["scale"],
        "claims": claims,
        "counts": cells.counts(claims),
        "published": None if published is None else cells.published(published),
        "verdicts": [figure(inputs, name, kind) for name, kind in names.get("claims", {}).items()],
        "families": families(inputs, names, claims),
        "costs": figure(inputs, "costs", "costs", figure_caption(inputs.files["costs_caption"], cost_tables)),
        "rules": cells.rules(rules, rule_edges(inputs.jobs)),
        "scaling": cells.scaling(scaling),
        "wall": duration(measured["wall_s"]),
        "cores": int(measured["cores"]),
        "cpu": duration(inputs.jobs["cpu_s"].sum()),
        "n_jobs": len(inputs.jobs),
        "blocks": blocks(config),
        "versions": versions(inputs, further),
        "headers": {"published": cells.PUBLISHED, "rules": cells.RULES, "scaling": cells.SCALING},
    }
