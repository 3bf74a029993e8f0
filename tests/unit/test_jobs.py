"""Where a job's output goes, in processes of their own because it moves file descriptors."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import failures
from failures.jobs import configure_tensorflow

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(failures.__file__).parents[1])}
JOB = """
import os, sys
from failures.jobs import report, start
start(sys.argv[1])
report("3,000 steps/s, 5 s left")
os.write(2, b"from a C++ library\\n")
print("from Python")
raise SystemExit("the end")
"""


def test_everything_goes_to_the_log(tmp_path):
    log = tmp_path / "logs/job.log"
    done = subprocess.run([sys.executable, "-c", JOB, log], env=ENVIRONMENT, capture_output=True, check=False)
    assert done.returncode == 1
    assert (done.stdout, done.stderr) == (b"", b"")
    assert log.read_text().splitlines() == ["3,000 steps/s, 5 s left", "from a C++ library", "from Python", "the end"]


def test_progress_reaches_the_terminal_too(tmp_path):
    controller, terminal = pty.openpty()
    command = [sys.executable, "-c", JOB, tmp_path / "job.log"]
    subprocess.run(command, env=ENVIRONMENT, stderr=terminal, stdout=terminal, check=False)
    assert os.read(controller, 1000).decode().splitlines() == ["3,000 steps/s, 5 s left"]
    os.close(controller)
    os.close(terminal)
    assert "5 s left" in (tmp_path / "job.log").read_text()


def test_threads_cannot_be_set_too_late():
    assert "tensorflow" in sys.modules or __import__("tensorflow")
    with pytest.raises(RuntimeError, match="already imported"):
        configure_tensorflow(2)
