"""Nothing but the configuration decides a byte; between machines the last digits may differ."""

import os
import pty
import subprocess
import threading

import pandas as pd
import pytest

from project import ROOT, Project

# Largest relative difference between machines, where it is not `USUAL`: what training and float32 sums amplify.
USUAL = 1e-4
TOLERANCES = {}
REFERENCE = ROOT / "tests/faults/reference"
SMALL = sorted(path.stem for path in REFERENCE.glob("*.csv"))


def drain(terminal):
    """Read what is written to a terminal, so that writers do not wait."""
    while True:
        try:
            if not os.read(terminal, 65536):
                return
        except OSError:
            return


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The workflow run with everything different: a core, folder, locale, time zone, and at a terminal."""
    project = Project.copied_to(tmp_path_factory.mktemp("projet-ö-漢"))
    work = tmp_path_factory.mktemp("Arbeit-ß")
    environment = os.environ | {"TZ": "Pacific/Chatham", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "COLUMNS": "40"}
    environment |= {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2", "MPLBACKEND": "svg"}
    controller, terminal = pty.openpty()
    threading.Thread(target=drain, args=[controller], daemon=True).start()
    command = project.command(cores=1, directory=work)
    done = subprocess.run(
        command, cwd=project.folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal, check=False
    )
    os.close(terminal)
    assert done.returncode == 0, list(work.rglob("*.log"))
    return project, work


def test_a_run_that_differs_in_everything_gives_the_same_bytes(finished, elsewhere):
    project, work = elsewhere
    assert project.artifacts(work) == finished.artifacts()
    assert project.sidecars(work) == finished.sidecars()


@pytest.mark.parametrize("name", SMALL)
def test_tables_are_those_of_another_machine_within_a_tolerance(finished, name):
    """The reference was made at the tests' scale on another machine."""
    table = pd.read_csv(finished.folder / f"results/test/tables/{name}.csv")
    expected = pd.read_csv(REFERENCE / f"{name}.csv")
    pd.testing.assert_frame_equal(table, expected, rtol=TOLERANCES.get(name, USUAL), atol=1e-6, check_dtype=False)
