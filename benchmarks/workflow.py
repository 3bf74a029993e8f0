"""Wall times of Snakemake: nothing to do, one figure to draw, a dry run of ten thousand runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

# Figures that are up to date in a new folder, the one that is drawn again, and the options of these runs.
FIGURES, DRAWN, SMALL = ("fig1", "fig4"), "fig1", ("--config", "scale=test")
# The dry run has 1,000 seeds, 5 problems and 2 learners; the number of runs is the product.
SEEDS, FEATURES, LEARNERS = range(1000), range(5, 10), ("relu", "relu_adam")
# Runs a command; prints its wall time and the largest memory of one of its processes (ru_maxrss is in KiB on Linux).
TIMER = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds = time.perf_counter() - started
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"seconds": seconds, "memory": memory, "code": done.returncode, "output": done.stdout + done.stderr}))
"""


def measure(rounds: int) -> dict[str, Any]:
    """Measure the commands `no-op`, `figure` and `plan`.

    Args:
        rounds: Repetitions of each command.

    Returns:
        By command: seconds (wall time, one value per round), memory (largest of one process, bytes) and jobs.
    """
    with tempfile.TemporaryDirectory() as name:
        small, many = Path(name, "small"), Path(name, "many.yaml")
        many.write_text(yaml.safe_dump(many_runs()))
        plan = ("--dry-run", "--configfile", str(many))
        snakemake(small, FIGURES, SMALL)
        return {
            "no-op": _repeat(rounds, lambda: snakemake(small, FIGURES, SMALL)),
            "figure": _repeat(rounds, lambda: _draw(small)),
            "plan": _repeat(rounds, lambda: snakemake(Path(name, "many"), ["predictors"], plan)),
        }


def many_runs() -> dict[str, Any]:
    """Return an overlay with 10,000 runs: 1,000 seeds x 5 parity problems x 2 learners."""
    steps = {"n_steps": 1000, "evaluate_every": 200, "evaluation": "cube"}
    grid = {"n_features": list(FEATURES), "seeds": list(SEEDS), **steps}
    predictors = {"problems": {"d{n_features}_classes": grid}, "learners": list(LEARNERS)}
    return {"families": ["parity"], "parity": {"experiments": {"predictors": predictors}}}


def snakemake(directory: Path, targets: Sequence[str], options: Sequence[str]) -> dict[str, Any]:
    """Run Snakemake.

    Args:
        directory: Working directory.
        targets: Targets, such as names of figures.
        options: Options, such as the scale.

    Returns:
        seconds (wall time), memory (largest of one process, bytes) and jobs (0 if there is nothing to be done).

    Raises:
        SystemExit: Snakemake failed; the message contains its output.
    """
    program = [sys.executable, "-m", "snakemake", "--cores", "2", "--directory", str(directory), *options]
    command = [sys.executable, "-c", TIMER, *program, "--", *targets]
    done = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    total = re.search(r"^total +(\d+)", done["output"], re.M)
    if done["code"] or (not total and "Nothing to be done" not in done["output"]):
        sys.exit(f"`{' '.join(command[3:])}` failed:\n{done['output']}")
    return {"seconds": done["seconds"], "memory": done["memory"], "jobs": int(total[1]) if total else 0}


def _draw(directory: Path) -> dict[str, Any]:
    """Draw a figure again."""
    (directory / f"results/test/figures/{DRAWN}.png").unlink()
    return snakemake(directory, [DRAWN], SMALL)


def _repeat(rounds: int, command: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    runs = [command() for _ in range(rounds)]
    memory = max(run["memory"] for run in runs)
    return {"seconds": [run["seconds"] for run in runs], "memory": memory, "jobs": runs[-1]["jobs"]}
