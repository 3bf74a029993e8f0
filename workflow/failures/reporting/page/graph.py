"""Layout of the rule graph: positions of boxes and lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from failures.reporting.page.jobs import duration

# Columns of the graph, by kind of job (`failures.reporting.costs.records.kind`).
KINDS = {
    "instances": "instances",
    "training": "training",
    "analysis": "analyses",
    "table": "tables",
    "figure": "figures",
}
# Pixels: width and height of a box, column and row pitch, and top and left margins.
WIDTH, HEIGHT, COLUMN, ROW, TOP, LEFT = 194, 22, 238, 29, 34, 1


@dataclass(frozen=True)
class Box:
    """A rule: name, number of jobs, CPU time, and position of the middle of the box's left edge."""

    rule: str
    count: int
    took: str
    x: float
    y: float


@dataclass(frozen=True)
class Graph:
    """Boxes, lines between boxes (SVG paths), families with y positions, columns with x positions; in pixels."""

    boxes: list[Box]
    lines: list[str]
    families: list[tuple[str, float]]
    columns: list[tuple[str, float]]
    width: float
    height: float
    box_width: float = WIDTH
    box_height: float = HEIGHT


def rule_graph(jobs: pd.DataFrame, families: dict[str, list[str]]) -> Graph:
    """Lay out the rules behind the figures of some families, one family below the other.

    Each column holds the rules of one kind. A figure and its table share a row. Other rules are placed at the mean
    height of the rules that depend on them.

    Args:
        jobs: Table of `failures.reporting.page.jobs.read_jobs`.
        families: Figure names by family.
    """
    rules = jobs.groupby("rule", sort=False).agg(kind=("kind", "first"), count=("kind", "size"), cpu=("cpu_s", "sum"))
    edges = rule_edges(jobs)
    members = _members(jobs, families)
    places: dict[str, tuple[float, float]] = {}
    headings, y = [], float(TOP)
    for family, figures in families.items():
        headings.append((family, y + HEIGHT / 2))
        placed = _place(rules.loc[members[family], "kind"], edges, figures, y + ROW)
        places |= placed
        y = max([y + ROW, *(row for _, row in placed.values())]) + 1.5 * ROW
    boxes = [Box(rule, int(rules["count"][rule]), duration(rules["cpu"][rule]), *at) for rule, at in places.items()]
    columns = [(title, LEFT + number * COLUMN) for number, title in enumerate(KINDS.values())]
    lines = [_line(places[need], places[rule]) for need, rule in edges if need in places and rule in places]
    return Graph(boxes, lines, headings, columns, LEFT + (len(KINDS) - 1) * COLUMN + WIDTH + 1, y - ROW / 2)


def rule_edges(jobs: pd.DataFrame) -> list[tuple[str, str]]:
    """List the sorted pairs of rules where a job of the second rule uses an output of the first."""
    rules = jobs["rule"]
    return sorted({(rules[need], row.rule) for row in jobs.itertuples() for need in row.needs})


def _members(jobs: pd.DataFrame, families: dict[str, list[str]]) -> dict[str, list[str]]:
    """Assign the rules to families; job names are KIND/FAMILY/..., tables/FIGURE or figures/FIGURE."""
    owners = {name: family for family, names in families.items() for name in [family, *names]}
    members: dict[str, list[str]] = {family: [] for family in families}
    for job, rule in jobs["rule"].items():
        family = owners.get(job.split("/")[1])
        if family and rule not in members[family]:
            members[family].append(rule)
    return members


def _place(
    kinds: pd.Series, edges: list[tuple[str, str]], figures: list[str], top: float
) -> dict[str, tuple[float, float]]:
    """Compute the positions of a family's boxes below `top`. kinds: kind of each rule, by rule name."""
    heights: dict[str, float] = {}
    for number, figure in enumerate(name for name in figures if name in kinds.index):
        heights |= {figure: top + number * ROW, f"{figure}_table": top + number * ROW}
    bottom = max(heights.values(), default=top)
    for kind in ("analysis", "training", "instances"):
        wanted = {}
        for rule in kinds.index[kinds == kind]:
            followers = [heights[after] for need, after in edges if need == rule and after in heights]
            wanted[rule] = float(np.mean(followers)) if followers else top
        heights |= _spread(wanted, top, bottom)
    columns = {kind: LEFT + number * COLUMN for number, kind in enumerate(KINDS)}
    return {rule: (columns[kind], heights[rule]) for rule, kind in kinds.items()}


def _spread(wanted: dict[str, float], top: float, bottom: float) -> dict[str, float]:
    """Spread heights at least one row apart, from `top` on, and above `bottom` if there is room."""
    names = sorted(wanted, key=lambda name: (wanted[name], name))
    spread: dict[str, float] = {}
    for place, name in enumerate(names):
        # Leave room for the boxes that follow.
        latest = max(bottom - (len(names) - 1 - place) * ROW, top + place * ROW)
        earliest = spread[names[place - 1]] + ROW if place else top
        spread[name] = max(min(wanted[name], latest), earliest)
    return spread


def _line(begin: tuple[float, float], end: tuple[float, float]) -> str:
    """Draw a curve from the right edge of a box to the left edge of another; in one column, left to left edge."""
    (x1, y1), (x2, y2) = begin, end
    bend = (COLUMN - WIDTH) * 0.6
    if x1 == x2:
        return f"M{x1:g},{y1:g} C{x1 - bend / 2:g},{y1:g} {x2 - bend / 2:g},{y2:g} {x2:g},{y2:g}"
    x1 += WIDTH
    return f"M{x1:g},{y1:g} C{x1 + bend:g},{y1:g} {x2 - bend:g},{y2:g} {x2:g},{y2:g}"
