"""Fork servers: a job runs in a worker as it would run by itself, and nothing outlives Snakemake."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from failures.runtime import forkserver
from project import ROOT

START = """
import os
from failures.runtime import forkserver
forkserver.start({"figures": "failures.artifacts.style", "broken": "failures.missing"})
print(os.environ[forkserver.FOLDER], flush=True)
input()
"""
# A test run in the background, and what it starts, ignores SIGINT.
HEED = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
DELEGATE = HEED + "from failures.runtime.forkserver import delegate\n\ndelegate({!r})\n"


def start_servers():
    """Start a process with servers, as Snakemake's, and return it and the folder of its sockets."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", START], env=environment(), text=True, **pipes)
    folder = Path(process.stdout.readline().strip())
    wait_until(lambda: {path.name for path in folder.iterdir()} == {"figures", "broken"})
    return process, folder


@pytest.fixture(scope="module")
def servers():
    process, folder = start_servers()
    yield folder
    process.communicate("\n", timeout=10)


def environment(**variables):
    return os.environ | {"PYTHONPATH": str(ROOT / "workflow")} | {name: str(value) for name, value in variables.items()}


def launch(tmp_path, folder, body, server="figures", **variables):
    """Start a script that delegates its body."""
    script = tmp_path / "script.py"
    script.write_text(DELEGATE.format(server) + textwrap.dedent(body))
    variables = variables if folder is None else variables | {forkserver.FOLDER: folder}
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    return subprocess.Popen([sys.executable, script], env=environment(**variables), cwd=tmp_path, text=True, **pipes)


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.02)


def test_a_worker_has_the_streams_folder_environment_and_arguments_of_its_launcher(tmp_path, servers):
    body = """
        import os, sys
        print(sys.stdin.read(), os.getcwd(), os.environ["SPOKEN"], sys.argv, __name__, os.getpid())
        print("error", file=sys.stderr)
    """
    process = launch(tmp_path, servers, body, SPOKEN="word")
    output, error = process.communicate("input", timeout=60)
    expected = f"input {tmp_path} word ['{tmp_path / 'script.py'}'] __main__ "
    assert output.startswith(expected)
    assert int(output.removeprefix(expected)) != process.pid
    assert (error, process.returncode) == ("error\n", 0)


def test_a_worker_has_the_libraries_and_imports_this_project_itself(tmp_path, servers):
    body = """
        import sys
        print([name for name in ("pandas", "seaborn", "tensorflow") if name in sys.modules])
        print(sorted(name for name in sys.modules if name.startswith("failures")))
    """
    output, _ = launch(tmp_path, servers, body).communicate(timeout=60)
    assert output.splitlines() == [
        "['pandas', 'seaborn']",
        "['failures', 'failures.runtime', 'failures.runtime.environment', 'failures.runtime.forkserver']",
    ]


@pytest.mark.parametrize(
    ("end", "status", "message"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit('a reason')", 1, "a reason\n"),
        ("raise ValueError('a mistake')", 1, "ValueError: a mistake\n"),
        ("import os; os.kill(os.getpid(), 9)", 1, ""),
    ],
)
def test_a_launcher_ends_as_its_worker_does(tmp_path, servers, end, status, message):
    process = launch(tmp_path, servers, end)
    _, error = process.communicate(timeout=60)
    assert process.returncode == status
    assert error.endswith(message)
    assert bool(error) == bool(message)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_a_worker_ends_with_its_launcher(tmp_path, servers, name):
    process = launch(tmp_path, servers, "import os, time; print(os.getpid(), flush=True); time.sleep(100)")
    worker = psutil.Process(int(process.stdout.readline()))
    assert worker.is_running()
    assert worker.pid != process.pid
    process.send_signal(signal.Signals[name])
    process.communicate(timeout=20)
    wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_servers_end_with_snakemake_and_running_workers_do_not(tmp_path, name):
    process, folder = start_servers()
    servers = psutil.Process(process.pid).children()
    assert len(servers) == 2
    launcher = launch(tmp_path, folder, "print(1, flush=True)\nprint(input())")
    assert launcher.stdout.readline() == "1\n"
    process.send_signal(signal.Signals[name])
    process.communicate(timeout=20)
    wait_until(lambda: not any(server.is_running() for server in servers) and not folder.exists())
    output, _ = launcher.communicate("still there", timeout=20)
    assert (output, launcher.returncode) == ("still there\n", 0)


@pytest.mark.parametrize("folder", [None, "missing"])
def test_without_a_server_the_script_runs_by_itself(tmp_path, folder):
    process = launch(tmp_path, folder and tmp_path / folder, "import os; print(os.getpid())")
    output, _ = process.communicate(timeout=60)
    assert int(output) == process.pid


def test_a_script_runs_by_itself_if_a_server_cannot_import_its_libraries(tmp_path, servers):
    process = launch(tmp_path, servers, "import os; print(os.getpid())", server="broken")
    output, _ = process.communicate(timeout=60)
    assert int(output) == process.pid
