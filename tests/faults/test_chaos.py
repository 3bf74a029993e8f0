"""A run that is killed again and again, and differs in everything, ends with the same bytes.

`make chaos` kills 25 times, KILLS=n otherwise; KILLS=0 leaves the differences alone.
"""

import os
import pty
import random
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from project import RESULTS, Project

pytestmark = pytest.mark.chaos
KILLS = int(os.environ.get("KILLS", 5))
JOBS = 120  # of 131 of the tests' configuration
DIFFERENT = {"TZ": "Pacific/Chatham", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "COLUMNS": "40", "PYTHONHASHSEED": "7"}
DIFFERENT |= {"OMP_NUM_THREADS": "2", "MPLBACKEND": "svg", "PYTHONOPTIMIZE": "1", "OPENBLAS_CORETYPE": "Core2"}
DIFFERENT |= {"KERAS_BACKEND": "jax", "KERAS_MAX_STEPS_PER_EPOCH": "1", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2"}
DIFFERENT |= {"XLA_FLAGS": "--unknown", "FREETYPE_PROPERTIES": "truetype:interpreter-version=35"}


def drain(terminal):
    """Read what is written to a terminal, so that writers do not wait."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return


@pytest.fixture
def terminal():
    """A terminal that nobody looks at."""
    controller, terminal = pty.openpty()
    threading.Thread(target=drain, args=[controller], daemon=True).start()
    yield terminal
    os.close(terminal)


def begun(folder):
    """Jobs that have begun so far."""
    return sum(1 for _ in (folder / RESULTS / "logs").rglob("*.log"))


def litter(folder):
    """Half-written files."""
    return [path for path in (folder / "results").rglob(".*") if re.search(r"-[0-9a-f]{32}\.", path.name)]


def test_killed_at_random_moments_with_everything_different_it_ends_with_the_same_bytes(
    finished, tmp_path_factory, terminal
):
    """SIGKILL to the process group when a random number of jobs has begun, and some random time later.

    The other run has two cores, this has one, and another folder, locale, time zone, hash seed, and a terminal.
    """
    project = Project.copied_to(tmp_path_factory.mktemp("projet-ö-漢"))
    work, rng = tmp_path_factory.mktemp("Arbeit-ß"), random.Random(20170323)
    command = [sys.executable, "-m", "failures.commands.resume", *project.command("all", cores=1, directory=work)]
    settings = {"cwd": project.folder, "env": os.environ | DIFFERENT | {"PYTHONPATH": "workflow"}}
    settings |= {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    survived = 0
    for moment in sorted(rng.sample(range(JOBS), KILLS)):
        process = subprocess.Popen(command, start_new_session=True, **settings)
        while process.poll() is None and begun(work) < moment:
            time.sleep(0.1)
        time.sleep(rng.uniform(0, 4))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            survived += 1
        process.wait()
    assert subprocess.run(command, check=False, **settings).returncode == 0
    assert survived == KILLS
    assert project.artifacts(work) == finished.artifacts()
    assert project.sidecars(work) == finished.sidecars()
    assert litter(work) == []
    assert not list((work / RESULTS / "checkpoints").rglob("*.npz"))
    assert project.plan(directory=work) == {}
