"""The whole preview on one core and on two, by the clock and simulated from its jobs' times."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from bench.workflow import snakemake

OVERLAY, RESULTS = "config/preview.yaml", Path("results/preview")
TARGETS, CORES = ("all", "costs"), (1, 2)


def measure() -> dict[str, Any]:
    """For each number of cores, a run in an empty folder of its own: see `summary`, and seconds by the clock."""
    found = {}
    for n in CORES:
        with tempfile.TemporaryDirectory() as name:
            done = snakemake(Path(name), OVERLAY, *TARGETS, cores=n)
            found[str(n)] = {"seconds": done["seconds"], **summary(Path(name) / RESULTS / "tables")}
    return found


def summary(tables: Path) -> dict[str, Any]:
    """What the tables `costs` and `costs_scaling` say of a run: jobs (their number), cpu (seconds of processor time),
    and, by number of cores, simulated (wall seconds) and ratio (these to the bound)."""
    jobs, scaling = (pd.read_csv(tables / f"{name}.csv", keep_default_na=False) for name in ("costs", "costs_scaling"))
    simulated = scaling[scaling["part"] == "simulated"].set_index("cores")
    return {
        "jobs": len(jobs),
        "cpu": float(jobs["cpu_s"].sum()),
        "simulated": {str(n): float(seconds) for n, seconds in simulated["wall_s"].items()},
        "ratio": {str(n): float(ratio) for n, ratio in simulated["ratio"].items()},
    }
