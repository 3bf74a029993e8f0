"""Wall times of Snakemake: nothing to do, one figure to draw, a dry run of ten thousand runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

# Figures that are drawn first, at the scale of the tests, in a new folder; the figure that is drawn again; the overlay.
MADE, FIGURE, SCALE = ("fig1", "fig4"), "fig1", "config/test.yaml"
# Seeds, problems and learners of the dry run; the number of runs is their product.
SEEDS, PROBLEMS, LEARNERS = 1000, 5, 2
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
    """Measure the commands. Returns seconds (one value per round), memory (bytes) and number of jobs, by command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        directory = folder / "small"
        snakemake(directory, SCALE, *MADE)
        figure = directory / f"results/test/figures/{FIGURE}.png"
        nothing = _repeated(rounds, lambda: snakemake(directory, SCALE, *MADE))
        if "Nothing to be done" not in nothing["output"]:
            sys.exit(f"expected nothing to do for {', '.join(MADE)}, but there are jobs:\n{nothing['output']}")
        drawn = _repeated(rounds, lambda: snakemake(directory, SCALE, FIGURE), before=figure.unlink)
        overlay = folder / "many.yaml"
        overlay.write_text(yaml.safe_dump(many()))
        plan = _repeated(rounds, lambda: snakemake(folder / "many", str(overlay), "-n", "predictors"))
    jobs = {"no-op": 0, "figure": _jobs(drawn["output"]), "plan": _jobs(plan["output"])}
    cells = {"no-op": nothing, "figure": drawn, "plan": plan}
    return {
        name: {"seconds": cell["seconds"], "memory": cell["memory"], "jobs": jobs[name]} for name, cell in cells.items()
    }


def many() -> dict[str, Any]:
    """Return an overlay with 10,000 runs: 1,000 seeds x 5 parity problems x 2 learners."""
    problems = {f"many_{n}": {"n_features": n, "n_steps": 1000} for n in range(5, 5 + PROBLEMS)}
    pairs = {"problems": list(problems), "learners": ["relu", "adam"][:LEARNERS]}
    return {"seeds": list(range(SEEDS)), "families": ["parity"], "parity": {"problems": problems, "predictors": pairs}}


def _repeated(rounds: int, command: Callable[[], dict], before: Callable[[], object] | None = None) -> dict[str, Any]:
    found = []
    for _ in range(rounds):
        if before is not None:
            before()
        found.append(command())
    seconds, memory = [one["seconds"] for one in found], max(one["memory"] for one in found)
    return {"seconds": seconds, "memory": memory, "output": found[-1]["output"]}


def snakemake(directory: Path, overlay: str, *arguments: str, cores: int = 2) -> dict[str, Any]:
    """Run Snakemake in a folder with an overlay. Returns seconds, memory (bytes), code and output."""
    options = [argument for argument in arguments if argument.startswith("-")]
    targets = [argument for argument in arguments if argument not in options]
    program = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--directory", str(directory), *options]
    command = [sys.executable, "-c", TIMER, *program, "--configfile", overlay, "--", *targets]
    done = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if done["code"]:
        sys.exit(f"`{' '.join(program[2:])} --configfile {overlay}` failed:\n{done['output']}")
    return done


def _jobs(output: str) -> int:
    """Return the total of Snakemake's table of jobs."""
    return int(re.search(r"^total +(\d+)", output, re.M)[1])
