"""Where a job's output goes and what it records, in processes of their own because it moves file descriptors."""

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

import failures
from failures.jobs import configure_tensorflow, work

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(failures.__file__).parents[1])}
START = """
import os, sys, threading, time
from types import SimpleNamespace
from failures.jobs import report, start, work
log, output = sys.argv[1:]
start(SimpleNamespace(
    log=[log], rule="toy_train", wildcards={"problem": "d5"}, input=["a", "b"], output=[output],
    threads=2, resources={"mem_mb": 700, "_cores": 2},
))
def burn(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
"""
JOB = f"""{START}
report("3,000 steps/s, 5 s left")
os.write(2, b"from a C++ library\\n")
print("from Python")
raise SystemExit("the end")
"""


def run_job(code, log, output):
    """Run a job in a process of its own."""
    command = [sys.executable, "-c", code, log, output]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)


def test_everything_goes_to_the_log(tmp_path):
    log = tmp_path / "logs/job.log"
    done = run_job(JOB, log, tmp_path / "missing")
    assert done.returncode == 1
    assert (done.stdout, done.stderr) == (b"", b"")
    assert log.read_text().splitlines() == ["3,000 steps/s, 5 s left", "from a C++ library", "from Python", "the end"]


def test_progress_reaches_the_terminal_too(tmp_path):
    controller, terminal = pty.openpty()
    command = [sys.executable, "-c", JOB, tmp_path / "job.log", tmp_path / "missing"]
    subprocess.run(command, env=ENVIRONMENT, stderr=terminal, stdout=terminal, check=False)
    assert os.read(controller, 1000).decode().splitlines() == ["3,000 steps/s, 5 s left"]
    os.close(controller)
    os.close(terminal)
    assert "5 s left" in (tmp_path / "job.log").read_text()


def test_threads_cannot_be_set_too_late():
    assert "tensorflow" in sys.modules or __import__("tensorflow")
    with pytest.raises(RuntimeError, match="already imported"):
        configure_tensorflow(2)


def test_a_job_ends_its_log_with_what_it_took(tmp_path):
    """CPU time of known length: .2 s outside the work, .3 s in each of two threads of it; 300 MB at once."""
    code = f"""{START}
burn(0.2)
with work():
    other = threading.Thread(target=burn, args=(0.3,))
    other.start()
    burn(0.3)
    other.join()
block = bytearray(300 * 2**20)
del block
open(output, "w").close()
os.write(1, b"the last words of a C++ library\\n")
"""
    before = time.time()
    assert run_job(code, tmp_path / "job.log", tmp_path / "output").returncode == 0
    *_, words, last = (tmp_path / "job.log").read_text().splitlines()
    assert words == "the last words of a C++ library"
    record = json.loads(last)
    assert {key: record[key] for key in ("rule", "wildcards", "input", "threads", "mem_mb")} == {
        "rule": "toy_train",
        "wildcards": {"problem": "d5"},
        "input": ["a", "b"],
        "threads": 2,
        "mem_mb": 700,
    }
    assert record["output"] == [str(tmp_path / "output")]
    assert before - 0.001 <= record["start"] <= record["end"] <= time.time() + 0.001
    assert record["loop_cpu_s"] == pytest.approx(0.6, abs=0.1)
    assert record["loop_cpu_s"] + 0.2 <= record["cpu_s"] < record["loop_cpu_s"] + 2
    assert 300 < record["memory_mb"] < 500


def test_the_memory_of_who_started_the_job_is_not_its_own(tmp_path):
    """On Linux ru_maxrss of a process is at least that of the one that started it."""
    block = bytearray(600 * 2**20)
    run_job(f"{START}\nopen(output, 'w').close()", tmp_path / "job.log", tmp_path / "output")
    assert len(block) > 0
    if sys.platform == "linux":
        assert json.loads((tmp_path / "job.log").read_text())["memory_mb"] < 300


@pytest.mark.parametrize("end", ["1 / 0", "raise SystemExit(1)"])
def test_a_job_that_fails_leaves_no_record(tmp_path, end):
    assert run_job(f"{START}\n{end}", tmp_path / "job.log", tmp_path / "output").returncode == 1
    assert '"rule"' not in (tmp_path / "job.log").read_text()
    run_job(f"{START}\nopen(output, 'w').close()\n1 / 0", tmp_path / "late.log", tmp_path / "output")
    assert '"rule"' not in (tmp_path / "late.log").read_text()


def test_work_inside_work_would_count_twice():
    with work(), pytest.raises(RuntimeError, match="already"), work():
        pass
    with work():
        pass
