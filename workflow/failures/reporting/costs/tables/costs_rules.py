"""One row per rule.

Columns:
    rule, kind: rule, or `all` for the sum; kind of its jobs
    bar: bar of the figure that includes the rule; small rules of the same kind share a bar
    n_jobs: number of jobs
    cpu_s, loop_cpu_s, wall_s: sums over the jobs of the columns of `tables/costs.csv`
    other_cpu_s: `cpu_s` - `loop_cpu_s`
    loop_share: compute share, `loop_cpu_s` / `cpu_s`
    memory_mb, mem_mb: largest peak and largest request of the jobs; empty for `all`
    memory: their comparison, as in `tables/costs.csv`; empty for `all`
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from failures.reporting.costs.tables.costs import judge

# Names of the bars that small rules share, by kind.
SMALL = {
    "training": "small training",
    "analysis": "small analyses",
    "instances": "instances",
    "table": "tables",
    "figure": "figures",
}
SMALLEST = 0.005
MOST_BARS = 14


def tabulate(inputs: dict[str, Any]) -> pd.DataFrame:
    """Sum the costs of the jobs of each rule.

    Args:
        inputs: `jobs`, the path of the table `costs`.

    Returns:
        The table that `Columns` describes, sorted by falling CPU time; the row `all` comes last.
    """
    jobs = pd.read_csv(inputs["jobs"])
    table = _totals(jobs, ["rule", "kind"]).sort_values(["cpu_s", "rule"], ascending=[False, True])
    table["memory"] = judge(table["memory_mb"], table["mem_mb"])
    table["bar"] = bars(table)
    whole = _totals(jobs.assign(rule="all"), ["rule"]).drop(columns=["memory_mb", "mem_mb"])
    table = pd.concat([table, whole], ignore_index=True)
    table["other_cpu_s"] = table["cpu_s"] - table["loop_cpu_s"]
    table["loop_share"] = table["loop_cpu_s"] / table["cpu_s"].where(table["cpu_s"] > 0)
    times = ["cpu_s", "loop_cpu_s", "other_cpu_s", "loop_share", "wall_s"]
    return table[["rule", "kind", "bar", "n_jobs", *times, "memory_mb", "mem_mb", "memory"]]


def bars(table: pd.DataFrame) -> pd.Series:
    """Assign rules to bars: its own bar for a large rule, and one bar for all small rules of a kind.

    A rule is small if it has less than 0.5 % of the CPU time, if 14 other rules are larger, or if it draws a figure.

    Args:
        table: Columns rule, kind and cpu_s.

    Returns:
        Name of the bar of each rule.
    """
    rank = table["cpu_s"].where(table["kind"] != "figure", -np.inf).rank(ascending=False, method="first")
    small = (table["kind"] == "figure") | (table["cpu_s"] < SMALLEST * table["cpu_s"].sum()) | (rank > MOST_BARS)
    return table["rule"].where(~small, table["kind"].map(SMALL))


def _totals(jobs: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sum the jobs of each group."""
    return jobs.groupby(by, as_index=False).agg(
        n_jobs=("job", "size"),
        cpu_s=("cpu_s", "sum"),
        loop_cpu_s=("loop_cpu_s", "sum"),
        wall_s=("wall_s", "sum"),
        memory_mb=("memory_mb", "max"),
        mem_mb=("mem_mb", "max"),
    )
