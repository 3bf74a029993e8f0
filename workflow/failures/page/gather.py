"""What the page shows, read from finished tables, figures, captions and records."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from failures import provenance
from failures.captions import Caption, figure_caption
from failures.page import cells, graph
from failures.page.images import Image, embed
from failures.page.jobs import behind, duration, read_jobs


@dataclass(frozen=True)
class Figure:
    """A figure with what belongs to it.

    links: words and addresses relative to the page; runs: the same for the folders of trained networks behind it; took:
    CPU time of all jobs behind it (None: not known).
    """

    name: str
    caption: Caption
    image: Image
    links: list[tuple[str, str]]
    runs: list[tuple[str, str]]
    took: str | None


@dataclass(frozen=True)
class Family:
    """A family of problems: texts of its `page.yaml`, figures, and how many of its claims have each verdict."""

    name: str
    title: str
    section: str
    question: str
    answer: str
    figures: list[Figure]
    counts: list[tuple[str, int]]


class Inputs:
    """The files of the page, by what they are.

    inputs: `figures` (PNG), `tables`, `captions` (of the families' figures and the verdicts'), `texts` (page.yaml of
    each family), `costs_caption`, and the tables `costs`, `costs_rules` and `costs_scaling`. root: the page's folder.
    """

    def __init__(self, inputs: dict[str, Any], root: str):
        self.files = inputs
        self.root = root
        self._named = {kind: {Path(p).stem: p for p in inputs[kind]} for kind in ("figures", "tables", "captions")}
        self._texts = {Path(path).parent.name: path for path in inputs["texts"]}
        self.jobs = read_jobs(inputs["costs"])

    def find(self, kind: str, name: str) -> str:
        """Path of a figure, table or caption; FileNotFoundError that names it if there is none."""
        path = self._named[kind].get(name)
        if path is None or not Path(path).is_file():
            raise FileNotFoundError(f"the page lacks {name}: no {path or f'file of it among the {kind}'}")
        return path

    def text(self, family: str) -> dict[str, str]:
        """Title, section of the paper, question and answer of a family; ValueError for other keys or for none."""
        path = self._texts.get(family)
        if path is None:
            raise FileNotFoundError(f"the page lacks {family}: no page.yaml")
        text = yaml.safe_load(Path(path).read_text("utf-8"))
        if not isinstance(text, dict) or text.keys() != {"title", "section", "question", "answer"}:
            raise ValueError(f"{path}: needs title, section, question and answer, and nothing else")
        return text

    def table(self, name: str) -> pd.DataFrame | None:
        """A table that the page shows, or None if the configuration has none of this name."""
        return pd.read_csv(self.find("tables", name)) if name in self._named["tables"] else None

    def link(self, path: str | Path) -> str:
        """Address of a file or folder, relative to the page."""
        return Path(os.path.relpath(path, self.root)).as_posix()


def figure(inputs: Inputs, name: str, caption: Caption | None = None) -> Figure:
    """Collect everything about one figure. caption: by default that of `name`, with numbers from its table."""
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
        caption=caption or figure_caption(inputs.find("captions", name), [inputs.find("tables", name)]),
        image=embed(png),
        links=[(words, inputs.link(path)) for words, path in files.items() if path.is_file()],
        runs=[(job.removeprefix("runs/"), f"{job}/models") for job in jobs if job.startswith("runs/")],
        took=duration(inputs.jobs.loc[jobs, "cpu_s"].sum()) if jobs else None,
    )


def families(inputs: Inputs, names: dict[str, list[str]], claims: list[cells.Claim]) -> list[Family]:
    """All families but the verdicts, with their figures, in the paper's order. names: of figures, by family."""
    found = [
        Family(
            name=family,
            **inputs.text(family),
            figures=[figure(inputs, name) for name in figures],
            counts=cells.counts([claim for claim in claims if claim.family == family]),
        )
        for family, figures in names.items()
        if family != "verdicts"
    ]
    return sorted(found, key=lambda family: family.section)


def blocks(config: dict[str, Any]) -> list[tuple[str, str]]:
    """The configuration as YAML, block by block; single values first, in one block."""
    plain = json.loads(json.dumps(config))  # without shared lists, which YAML would show as references
    single = {key: value for key, value in plain.items() if not isinstance(value, dict)}
    parts = {"general": single} | {key: value for key, value in plain.items() if isinstance(value, dict)}
    return [
        (key, yaml.safe_dump(part, sort_keys=False, default_flow_style=None, width=88)) for key, part in parts.items()
    ]


def versions(inputs: Inputs, further: dict[str, str | None]) -> list[tuple[str, str]]:
    """Versions of what made the tables and networks, from their records; several where they differ.

    further: versions of what the records do not name (None: not installed, left out).
    """
    training = [name for name in inputs.jobs.index if name.startswith("runs/")]
    artifacts = [*inputs.files["tables"], *(Path(inputs.root, name, "runs.csv") for name in training)]
    found: dict[str, set[str]] = {name: {version} for name, version in further.items() if version}
    for artifact in artifacts:
        for name, version in ((provenance.read(artifact) or {}).get("versions") or {}).items():
            found.setdefault(name, set()).add(version)
    return sorted((name, ", ".join(sorted(numbers))) for name, numbers in found.items())


def gather(inputs: Inputs, names: dict[str, list[str]], config: dict[str, Any], further: dict[str, str | None]) -> dict:
    """Everything that the template shows, but for style and scripts.

    names: of figures, by family; config: the validated configuration; further: see `versions`.
    """
    claims = cells.claims(pd.read_csv(inputs.find("tables", "claims")))
    sections = families(inputs, names, claims)
    published = inputs.table("published")
    cost_tables = [inputs.files[name] for name in ("costs_rules", "costs_scaling")]
    rules, scaling = map(pd.read_csv, cost_tables)
    edges = graph.rule_edges(inputs.jobs)
    measured = scaling[scaling["part"] == "measured"].squeeze()
    return {
        "scale": config["scale"],
        "claims": claims,
        "counts": cells.counts(claims),
        "published": None if published is None else cells.published(published),
        "verdicts": [figure(inputs, name) for name in names.get("verdicts", [])],
        "families": sections,
        "costs": figure(inputs, "costs", figure_caption(inputs.files["costs_caption"], cost_tables)),
        "rules": cells.rules(rules, edges),
        "scaling": cells.scaling(scaling),
        "wall": duration(measured["wall_s"]),
        "cores": int(measured["cores"]),
        "cpu": duration(inputs.jobs["cpu_s"].sum()),
        "n_jobs": len(inputs.jobs),
        "graph": graph.rule_graph(inputs.jobs, {family.name: names[family.name] for family in sections}),
        "blocks": blocks(config),
        "versions": versions(inputs, further),
        "headers": {"published": cells.PUBLISHED, "rules": cells.RULES, "scaling": cells.SCALING},
    }
