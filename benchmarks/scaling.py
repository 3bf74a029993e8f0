"""The preview on one core and on two cores: measured, and simulated from the times of its jobs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.workflow import snakemake

OVERLAY, RESULTS = "config/preview.yaml", Path("results/preview")
TARGETS, CORES = ("all", "costs"), (1, 2)


def measure() -> dict[str, Any]:
    """Time the preview in empty folders. Returns seconds (wall time) and the keys of `summary`, by number of cores."""
    found = {}
    for n in CORES:
        with tempfile.TemporaryDirectory() as name:
            done = snakemake(Path(name), OVERLAY, *TARGETS, cores=n)
            found[str(n)] = {"seconds": done["seconds"], **summary(Path(name) / RESULTS / "tables")}
    return found


def summary(tables: Path) -> dict[str, Any]:
    """Summarise the tables `costs` and `costs_scaling` of a run.

    Returns jobs (their number), cpu (seconds of CPU time), and by number of cores: simulated (seconds of wall time) and
    ratio (simulated time / lower bound).
    """
    jobs, scaling = (pd.read_csv(tables / f"{name}.csv", keep_default_na=False) for name in ("costs", "costs_scaling"))
    simulated = scaling[scaling["part"] == "simulated"].set_index("cores")
    return {
        "jobs": len(jobs),
        "cpu": float(jobs["cpu_s"].sum()),
        "simulated": {str(n): float(seconds) for n, seconds in simulated["wall_s"].items()},
        "ratio": {str(n): float(ratio) for n, ratio in simulated["ratio"].items()},
    }
