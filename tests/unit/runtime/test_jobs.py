"""Where a job's output goes and what it records, in processes of their own because it moves file descriptors."""

import errno
import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path
from textwrap import indent

import pytest

import failures
from failures.engine.tensorflow_setup import configure_tensorflow
from failures.runtime.jobs import work

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(failures.__file__).parents[1])}
START = """
import os, sys, threading, time
from types import SimpleNamespace
from failures.runtime.jobs import job, report, work
log, output = sys.argv[1:]
toy = SimpleNamespace(
    log=[log], rule="toy_train", wildcards={"problem": "d5"}, params={"code": "code=1"}, input=[log + ".in"],
    output=[output], threads=2, resources={"mem_mb": 700, "_cores": 2},
)
open(log + ".in", "w").close()
def burn(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
"""
TALK = """
report("3,000 steps/s, 5 s left")
os.write(2, b"from a C++ library\\n")
print("from Python")
raise SystemExit("the end")
"""
WRITE = """
os.makedirs("results", exist_ok=True)
open(output, "w").close()
"""


def script(body):
    """A script that does this as a job."""
    return f"{START}with job(toy):\n" + indent(body, "    ")


def run_job(body, log, output="results/output", **settings):
    """Run a job in a process and folder of its own."""
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", script(body), log, output]
    settings = {"env": ENVIRONMENT, "capture_output": True, "cwd": log.parent} | settings
    return subprocess.run(command, check=False, **settings)


def test_everything_goes_to_the_log(tmp_path):
    log = tmp_path / "logs/job.log"
    done = run_job(TALK, log)
    assert done.returncode == 1
    assert (done.stdout, done.stderr) == (b"", b"")
    assert log.read_text().splitlines() == ["3,000 steps/s, 5 s left", "from a C++ library", "from Python", "the end"]


def test_progress_reaches_the_terminal_too(tmp_path):
    controller, terminal = pty.openpty()
    run_job(TALK, tmp_path / "job.log", capture_output=False, stderr=terminal, stdout=terminal)
    assert os.read(controller, 1000).decode().splitlines() == ["3,000 steps/s, 5 s left"]
    os.close(controller)
    os.close(terminal)
    assert "5 s left" in (tmp_path / "job.log").read_text()


def test_a_terminal_that_goes_away_is_no_error(tmp_path):
    """What `disown`, `nohup` and the end of a shell amount to: no SIGHUP, and a terminal that cannot be written."""
    log = tmp_path / "job.log"
    body = (
        WRITE
        + 'for n in range(3):\n    report(f"line {n}")\n    while not os.path.exists(log + f".{n}"):\n        pass'
    )
    controller, terminal = pty.openpty()
    command = [sys.executable, "-c", script(body), log, "results/output"]
    with subprocess.Popen(command, env=ENVIRONMENT, cwd=tmp_path, stderr=terminal, stdout=terminal) as process:
        os.read(controller, 1000)
        os.close(controller)
        os.close(terminal)
        for n in range(3):
            (tmp_path / f"job.log.{n}").touch()
    assert process.returncode == 0
    assert log.read_text().splitlines()[:3] == ["line 0", "line 1", "line 2"]
    assert '"rule": "toy_train"' in log.read_text()


def test_threads_cannot_be_set_too_late():
    assert "tensorflow" in sys.modules or __import__("tensorflow")
    with pytest.raises(RuntimeError, match="already computed"):
        configure_tensorflow(2)


def test_a_job_ends_its_log_with_what_it_took(tmp_path):
    """CPU time of known length: .2 s outside the work, .3 s in each of two threads of it; 300 MB at once."""
    code = f"""{WRITE}
burn(0.2)
with work():
    other = threading.Thread(target=burn, args=(0.3,))
    other.start()
    burn(0.3)
    other.join()
block = bytearray(300 * 2**20)
del block
os.write(1, b"the last words of a C++ library\\n")
"""
    before = time.time()
    assert run_job(code, tmp_path / "job.log").returncode == 0
    *_, words, last = (tmp_path / "job.log").read_text().splitlines()
    assert words == "the last words of a C++ library"
    record = json.loads(last)
    assert {key: record[key] for key in ("rule", "wildcards", "input", "threads", "mem_mb")} == {
        "rule": "toy_train",
        "wildcards": {"problem": "d5"},
        "input": [str(tmp_path / "job.log.in")],
        "threads": 2,
        "mem_mb": 700,
    }
    assert record["output"] == ["results/output"]
    assert before - 0.001 <= record["start"] <= record["end"] <= time.time() + 0.001
    assert record["loop_cpu_s"] == pytest.approx(0.6, abs=0.1)
    assert record["loop_cpu_s"] + 0.2 <= record["cpu_s"] < record["loop_cpu_s"] + 2
    assert 300 < record["memory_mb"] < 500


def test_the_memory_of_who_started_the_job_is_not_its_own(tmp_path):
    """On Linux ru_maxrss of a process is at least that of the one that started it."""
    block = bytearray(600 * 2**20)
    run_job(WRITE, tmp_path / "job.log")
    assert len(block) > 0
    if sys.platform == "linux":
        assert json.loads((tmp_path / "job.log").read_text())["memory_mb"] < 300


@pytest.mark.parametrize("end", ["1 / 0", "raise SystemExit(1)", "os._exit(1)"])
def test_a_job_that_fails_leaves_no_record(tmp_path, end):
    assert run_job(f"{WRITE}\n{end}", tmp_path / "job.log").returncode == 1
    assert '"rule"' not in (tmp_path / "job.log").read_text()
    assert not (tmp_path / "results/provenance").exists()


def test_what_a_killed_job_left_is_removed_and_what_others_are_writing_is_not(tmp_path):
    """A private name holds the number of the process that writes it."""
    leftover = (
        "os.makedirs('results', exist_ok=True); from failures.runtime.files import atomic; atomic(output).__enter__()"
    )
    killed = f"{leftover}.write_text('half'); os.kill(os.getpid(), 9)"
    assert run_job(killed, tmp_path / "job.log").returncode == -9
    (litter,) = (tmp_path / "results").glob(".*.output")
    alive = litter.with_name(re.sub(r"-\d+-", f"-{os.getpid()}-", litter.name))
    alive.touch()
    assert run_job(WRITE, tmp_path / "job.log").returncode == 0
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == [alive.name, "output", "provenance"]


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EROFS", "EACCES"])
def test_a_bad_place_is_one_line(tmp_path, number):
    code = f"import errno; raise OSError(errno.{number}, os.strerror(errno.{number}), 'results/output')"
    assert run_job(code, tmp_path / "job.log").returncode == 1
    (line,) = (tmp_path / "job.log").read_text().splitlines()
    assert line.startswith(f"results/output: {os.strerror(getattr(errno, number))}; ")


def test_other_errors_keep_their_traceback(tmp_path):
    run_job("1 / 0", tmp_path / "job.log")
    assert (tmp_path / "job.log").read_text().splitlines()[0] == "Traceback (most recent call last):"


def test_a_changed_input_ends_the_job_with_one_line(tmp_path):
    assert run_job(WRITE, tmp_path / "first.log").returncode == 0
    reader = "toy.input = ['results/output']"
    code = script(WRITE).replace("with job", f"{reader}\nwith job")
    command = [sys.executable, "-c", code, "second.log", "results/read"]
    assert subprocess.run(command, env=ENVIRONMENT, cwd=tmp_path, check=False).returncode == 0
    (tmp_path / "results/output").write_text("edited")
    assert subprocess.run(command, env=ENVIRONMENT, cwd=tmp_path, check=False).returncode == 1
    (line,) = (tmp_path / "second.log").read_text().splitlines()
    assert line.startswith("results/output: changed since rule toy_train made it")


def test_work_inside_work_would_count_twice():
    with work(), pytest.raises(RuntimeError, match="must not be nested"), work():
        pass
    with work():
        pass
