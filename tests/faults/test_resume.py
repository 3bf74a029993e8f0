"""A run that is killed is continued by `make resume` without options, whatever program started it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from failures.runtime import snakemake_runs
from project import SCALE, Project

pytestmark = pytest.mark.slow
# A program with another name, which uses Snakemake as a library.
WRAPPER = "import sys; from snakemake.cli import main; main(sys.argv[1:])"
RESUME = [sys.executable, "-m", "failures.commands.resume", sys.executable, "-m", "snakemake"]


def call(project, command):
    """Run a command in the project and return the completed process."""
    environment = os.environ | {"PYTHONPATH": "workflow"}
    return subprocess.run(
        command, cwd=project.folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )


def test_a_killed_run_is_continued_without_options(tmp_path):
    project = Project.copied_to(tmp_path)
    options = ["--cores", "2", "--config", f"scale={SCALE}", "--configfile", "mine.yaml", "--", "fig1"]
    project.overlay("mine.yaml", {"seeds": [0, 1]})
    with open(tmp_path / "driver.log", "w") as log:
        settings = {"cwd": tmp_path, "stdout": log, "stderr": log, "start_new_session": True}
        process = subprocess.Popen([sys.executable, "-c", WRAPPER, *options], **settings)
    until = time.monotonic() + 300
    while not snakemake_runs.read(tmp_path):
        assert process.poll() is None, (tmp_path / "driver.log").read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    alive = call(project, RESUME)
    assert alive.returncode == 1
    assert f"Snakemake is still running in {tmp_path} (process {process.pid}" in alive.stderr
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    locked = call(project, [sys.executable, "-m", "snakemake", *options])
    assert locked.returncode != 0
    assert "`make resume` ends them, removes the lock and continues the run." in locked.stderr.splitlines()[-1]
    other = call(project, [*RESUME, "--", "fig4"])
    assert other.returncode == 1
    assert "which has another configuration" in other.stderr

    resumed = call(project, RESUME)
    assert resumed.returncode == 0, resumed.stderr
    assert (project.results / "figures/fig1.pdf").is_file()
    assert not (project.folder / "results/figures").exists()
    assert snakemake_runs.read(tmp_path) == {}
    assert project.plan("fig1", overlay="mine.yaml") == {}
