"""Daemons that tests start end with the test run, however it ends."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from cluster import gridengine
from cluster.daemons import Daemons, Unavailable
from project import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="private clusters need Linux")
# A daemon as they are: a session of its own, no parent, no terminal, deaf to SIGTERM.
DAEMON = """
import os, signal, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("daemon.pid", "w").write(str(os.getpid()))
time.sleep(300)
"""
RUN = """
import sys, time
from cluster.daemons import Daemons
daemons = Daemons(sys.argv[1])
daemons.start(sys.executable, "-c", {daemon!r}, folder=sys.argv[1])
print("started", flush=True)
time.sleep(300)
"""


def wait_for(condition, seconds=60):
    """Wait until a condition holds; fail if it does not."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def launch(*command):
    """Start a Python program that imports from tests/, and return when it has printed a line."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    run = subprocess.Popen([sys.executable, *command], env=environment, stdout=subprocess.PIPE, text=True)
    with run.stdout as output:
        assert output.readline()
    return run


def test_daemons_end_with_a_killed_test_run(tmp_path):
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], cwd=tmp_path)
    run = launch("-c", RUN.format(daemon=DAEMON), str(tmp_path))
    wait_for(lambda: (tmp_path / "daemon.pid").exists() and (tmp_path / "daemon.pid").read_text())
    daemon = psutil.Process(int((tmp_path / "daemon.pid").read_text()))
    assert daemon.is_running()
    run.kill()
    run.wait()
    wait_for(lambda: not daemon.is_running())
    assert worker.wait(60) == -signal.SIGTERM


def test_a_daemon_that_cannot_start_is_an_error(tmp_path):
    daemons = Daemons()
    try:
        with pytest.raises(RuntimeError, match="exit code 3: no configuration"):
            daemons.start("sh", "-c", "echo no configuration; exit 3")
        with pytest.raises(RuntimeError, match="no-such-program"):
            daemons.start("no-such-program")
    finally:
        daemons.stop()


@pytest.mark.cluster
def test_a_cell_ends_with_a_killed_test_run(tmp_path):
    try:
        gridengine.install()
    except Unavailable as error:
        pytest.skip(str(error))
    run = launch(str(ROOT / "tests/cluster/gridengine.py"), str(tmp_path))

    def names():
        """Names of the processes of the cell."""
        found = set()
        for process in psutil.process_iter():
            try:
                if process.environ().get("SGE_ROOT") == str(tmp_path):
                    found.add(process.name())
            except psutil.Error:
                continue
        return found

    assert {"sge_qmaster", "sge_execd"} <= names()
    run.send_signal(signal.SIGKILL)
    run.wait()
    wait_for(lambda: not names())
