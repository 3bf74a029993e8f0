"""Computing cost: CPU time by rule, wall time against cores, and requested against used memory."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from failures.artifacts.formats import UNITS, duration, number, percent, unit
from failures.artifacts.style import PAGE, add_note, color
from failures.reporting.costs.tables.costs import LARGEST_EXTRA, LARGEST_SHARE
from failures.reporting.costs.tables.costs_rules import SMALLEST

MARKERS = {"training": "o", "analysis": "s", "instances": "D", "table": "^", "figure": "v"}
PLURALS = {"analysis": "analyses", "table": "tables", "figure": "figures"}


def draw(rules: pd.DataFrame, scaling: pd.DataFrame, note: str = "") -> plt.Figure:
    """Draw CPU time by rule (left), wall time against cores and memory requests (right).

    Args:
        rules: Table of `failures.reporting.costs.tables.costs_rules`.
        scaling: Table of `failures.reporting.costs.tables.costs_scaling`.
        note: Text in the upper right corner; empty for a run at the paper's scale and settings.
    """
    whole = rules[rules["rule"] == "all"].squeeze()
    rules = rules[rules["rule"] != "all"]
    height = 1.2 + 0.21 * max(rules["bar"].nunique(), 14)
    figure = plt.figure(figsize=(PAGE, height))
    axes = figure.subplot_mosaic([["bars", "scaling"], ["bars", "memory"]], width_ratios=(1.45, 1))
    _bars(axes["bars"], rules, whole)
    _scaling(axes["scaling"], scaling)
    _memory(axes["memory"], rules)
    add_note(figure, note)
    return figure


def numbers(rules: pd.DataFrame, scaling: pd.DataFrame) -> dict[str, str]:
    """Compute the numbers of the caption.

    Args:
        rules: Table of `failures.reporting.costs.tables.costs_rules`.
        scaling: Table of `failures.reporting.costs.tables.costs_scaling`.

    Returns:
        cpu, share: CPU time of all jobs, and its compute share. jobs: Number of jobs. wall: Measured wall time and
        cores. small: Largest share of a rule without its own bar. factor, extra: Limit of requests, in peaks and MB.
    """
    jobs = rules[rules["rule"] != "all"]
    cpu = jobs["cpu_s"].sum()
    measured = [
        f"The measured wall time is {duration(row.wall_s)} on {row.cores} core{'' if row.cores == 1 else 's'}."
        for row in scaling[scaling["part"] == "measured"].itertuples()
    ]
    return {
        "cpu": duration(cpu),
        "share": percent(jobs["loop_cpu_s"].sum() / cpu if cpu else np.nan),
        "jobs": number(jobs["n_jobs"].sum()),
        "wall": " ".join(measured),
        "small": percent(SMALLEST),
        "factor": number(LARGEST_SHARE),
        "extra": number(LARGEST_EXTRA),
    }


def _bars(axis: plt.Axes, rules: pd.DataFrame, whole: pd.Series) -> None:
    """Draw CPU time, split into compute and overhead, with the share of compute and the number of jobs."""
    bars = rules.groupby("bar")[["cpu_s", "loop_cpu_s", "other_cpu_s", "n_jobs"]].sum()
    bars = bars.sort_values("cpu_s", ascending=False, kind="stable")
    name = unit(bars["cpu_s"].max())
    length, places = bars / UNITS[name], np.arange(len(bars))
    axis.barh(places, length["loop_cpu_s"], color=color(0), label="compute")
    overhead = {"color": "0.75", "label": "overhead"}
    axis.barh(places, length["other_cpu_s"], left=length["loop_cpu_s"], **overhead)
    for place, (total, row) in enumerate(zip(length["cpu_s"], bars.itertuples(), strict=True)):
        share = f"{percent(row.loop_cpu_s / row.cpu_s)}, " if row.cpu_s > 0 else ""
        label = f"{share}{row.n_jobs:.0f} job{'s' * (row.n_jobs != 1)}"
        offset = {"xytext": (3, 0), "textcoords": "offset points", "va": "center", "fontsize": "x-small"}
        axis.annotate(label, (total, place), **offset)
    axis.set_yticks(places, [bar.replace("_", " ") for bar in bars.index], fontsize="small")
    axis.tick_params(axis="y", length=0)
    axis.set(xlim=(0, 1.38 * length["cpu_s"].max()), ylim=(len(bars) - 0.4, -0.6), xlabel=f"CPU time, {name}")
    axis.set_title(f"CPU time, {percent(whole['loop_share'])} of it compute")
    axis.legend(loc="lower right", fontsize="small")


def _scaling(axis: plt.Axes, scaling: pd.DataFrame) -> None:
    """Draw simulated and measured wall time against cores, with the lower bound."""
    simulated, measured = (scaling[scaling["part"] == part] for part in ("simulated", "measured"))
    name = unit(scaling["wall_s"].max())
    lines = {"linewidth": 1.2, "markersize": 3}
    axis.plot(simulated["cores"], simulated["bound_s"] / UNITS[name], ":", color="0.4", label="lower bound", **lines)
    axis.plot(simulated["cores"], simulated["wall_s"] / UNITS[name], "o-", color=color(0), label="simulated", **lines)
    axis.plot(measured["cores"], measured["wall_s"] / UNITS[name], "*", color=color(1), label="measured", markersize=9)
    axis.set(xscale="log", yscale="log", xlabel="cores", title=f"wall time, {name}")
    axis.set_xticks(simulated["cores"], [f"{cores:g}" for cores in simulated["cores"]])
    low, high = scaling[["wall_s", "bound_s"]].to_numpy().min(), scaling[["wall_s", "bound_s"]].to_numpy().max()
    axis.set_ylim(low / UNITS[name] / 1.3, high / UNITS[name] * 1.3)
    axis.yaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.minorticks_off()
    axis.legend(loc="upper right", fontsize="small")


def _memory(axis: plt.Axes, rules: pd.DataFrame) -> None:
    """Draw the largest request of each rule against its largest peak, and label rules outside the allowed range.

    Rules outside with the same request share a label: the name of the one with the most CPU time, and how many more.
    """
    largest = 1.08 * max(rules["memory_mb"].max(), rules["mem_mb"].max())
    line = np.array([0.0, largest])
    axis.fill_between(
        line, line, LARGEST_SHARE * line + LARGEST_EXTRA, color="0.92", linewidth=0, label="allowed range"
    )
    for index, (kind, marker) in enumerate(MARKERS.items()):
        rows = rules[rules["kind"] == kind]
        style = {"color": color(index), "markersize": 3.5, "markeredgewidth": 0.3, "markeredgecolor": "white"}
        axis.plot(rows["memory_mb"], rows["mem_mb"], marker, label=PLURALS.get(kind, kind), **style)
    for (verdict, request), rows in rules[rules["memory"] != "ok"].groupby(["memory", "mem_mb"]):
        others = f" + {len(rows) - 1}" if len(rows) > 1 else ""
        name = rows["rule"].iloc[0].replace("_", " ") + others
        # Requests that are too small are labelled at the lower left, away from the legend.
        side = {"xytext": (4, -2), "ha": "left"} if verdict == "much" else {"xytext": (4, -9), "ha": "right"}
        place = rows["memory_mb"].max() if verdict == "much" else rows["memory_mb"].min()
        axis.annotate(name, (place, request), textcoords="offset points", fontsize="xx-small", **side)
    axis.set(
        xlim=(0, largest), ylim=(0, 1.25 * largest), xlabel="peak memory of a job, MB", title="requested memory, MB"
    )
    axis.legend(loc="lower right", fontsize="x-small", handletextpad=0.2, borderpad=0.1, labelspacing=0.25)
