"""Killed again and again, the workflow ends with the same bytes. `make chaos` does it 25 times, KILLS=n otherwise."""

import os
import random
import re
import signal
import subprocess
import sys
import time

from project import Project

KILLS = int(os.environ.get("KILLS", 5))
JOBS = 100  # of 107 of the tests' configuration


def logs(folder):
    """Jobs that have begun so far."""
    return sum(1 for _ in (folder / "results/test/logs").rglob("*.log"))


def litter(folder):
    """Half-written files."""
    return [path for path in (folder / "results").rglob(".*") if re.search(r"-[0-9a-f]{32}\.", path.name)]


def test_killed_at_random_moments_it_ends_with_the_same_bytes(finished, tmp_path):
    """SIGKILL to the process group when a random number of jobs has begun, and some random time later."""
    project, rng = Project.copied_to(tmp_path), random.Random(20170323)
    resume = [sys.executable, "-m", "failures.resume", *project.command("--quiet=progress", "all")]
    environment, survived = os.environ | {"PYTHONPATH": "workflow"}, 0
    for moment in sorted(rng.sample(range(JOBS), KILLS)):
        process = subprocess.Popen(
            resume,
            cwd=project.folder,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None and logs(project.folder) < moment:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 4))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            survived += 1
        process.wait()
    done = subprocess.run(resume, cwd=project.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert survived == KILLS
    assert project.artifacts() == finished.artifacts()
    assert project.sidecars() == finished.sidecars()
    assert litter(project.folder) == []
    assert not list((project.folder / "results/test/checkpoints").rglob("*.npz"))
    assert project.plan() == {}
    print(f"{survived} kills survived")
