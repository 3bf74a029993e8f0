"""Costs of finished runs of the workflow, from the tables of the target `costs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

# Rules of the signal-to-noise figures: fig5, snr_training and snr_depth.
SIGNAL = ("lines_initial_signal", "lines_trained_signal", "lines_depth_signal")


def measure(results: Path) -> dict[str, Any]:
    """Summarise each run in a results folder that has tables of costs.

    Args:
        results: Folder with the tables of the run at the paper's scale, and one folder per other scale.

    Returns:
        By scale: jobs; cpu, signal (CPU seconds of all jobs and of the rules `SIGNAL`); share (of compute);
        memory (largest peak of a job, MB); largest (name of that rule); outside (rules whose request is too small or
        too large); wall (seconds) by part and cores, such as `simulated 8`; bound (seconds) by cores;
        rules: CPU seconds by rule.
    """
    folders = {"full": results / "tables", "preview": results / "preview/tables"}
    return {scale: _summary(folder) for scale, folder in folders.items() if (folder / "costs_scaling.csv").is_file()}


def _summary(folder: Path) -> dict[str, Any]:
    rules = pd.read_csv(folder / "costs_rules.csv").set_index("rule")
    scaling = pd.read_csv(folder / "costs_scaling.csv")
    whole, rules = rules.loc["all"], rules.drop(index="all")
    parts = zip(scaling["part"] + " " + scaling["cores"].astype(int).astype(str), scaling["wall_s"], strict=True)
    return {
        "jobs": int(rules["n_jobs"].sum()),
        "cpu": float(whole["cpu_s"]),
        "signal": float(rules["cpu_s"].reindex(SIGNAL).sum()),
        "share": float(whole["loop_share"]),
        "memory": float(rules["memory_mb"].max()),
        "largest": str(rules["memory_mb"].idxmax()),
        "outside": sorted(rules.index[rules["memory"] != "ok"]),
        "wall": {part: float(seconds) for part, seconds in parts},
        "bound": {str(int(row.cores)): float(row.bound_s) for row in scaling.itertuples() if row.part == "simulated"},
        "rules": {rule: float(seconds) for rule, seconds in rules["cpu_s"].items()},
    }
