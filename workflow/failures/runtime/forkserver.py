"""Start jobs by forking a process that has already imported their libraries.

Importing TensorFlow takes longer than many jobs. At the start of a local run, Snakemake's process starts one server per
set of libraries. A server imports its libraries at the first request and forks a worker per job. The script that
Snakemake starts, the *launcher*, only waits for its worker. A worker ends with its launcher, and a server with
Snakemake. Without a server, as on the nodes of a cluster, the script imports the libraries itself.
"""

from __future__ import annotations

import json
import os
import runpy
import select
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from failures.runtime import environment

# Environment variable with the folder of the sockets.
FOLDER = "FAILURES_FORK_SERVERS"
# Libraries that every server imports. Workers import the modules of this project themselves, so that an edit during a
# run has the same effect as without a server.
COMMON = ("snakemake.iocontainers", "snakemake.logging", "pandas", "pyarrow.parquet", "scipy.sparse", "scipy.special")
# Environment variable of a worker with the CPU seconds of its launcher.
LAUNCHER = "FAILURES_LAUNCHER_CPU_S"
# Longest folder of sockets; systems allow paths of about 100 bytes.
LONGEST = 75
STREAMS = 3
STARTED = b"s"


def start(servers: Mapping[str, str]) -> None:
    """Start the servers of this process; they end with it, also if it is killed.

    Starts none if the path of the folder for temporary files is too long for sockets.

    Args:
        servers: What each server imports, by the name of the server: a module, or `MODULE:FUNCTION`, which is called.
    """
    folder = tempfile.mkdtemp(prefix="failures-")
    if len(folder) > LONGEST:
        os.rmdir(folder)
        return
    for name, entry in servers.items():
        command = [sys.executable, "-m", __name__, f"{folder}/{name}", entry]
        # The server sees the end of this pipe when this process has ended.
        # Its own folder is not that of the run, which can then be unmounted.
        _servers.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd="/"))
    os.environ[FOLDER] = folder


_servers: list[subprocess.Popen] = []


def delegate(server: str) -> None:
    """Run the script of this process in a worker and exit with its status. Return if there is no server.

    Args:
        server: Name of the server.
    """
    folder = os.environ.pop(FOLDER, None)
    if folder is None:
        return
    request = {
        "script": sys.argv[0],
        "folder": os.getcwd(),
        "path": sys.path,
        "environment": dict(os.environ),
        "cpu_s": time.process_time(),
    }
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(f"{folder}/{server}")
            socket.send_fds(connection, [b"\n"], range(STREAMS))
            connection.sendall(json.dumps(request).encode() + b"\n")
            if connection.recv(1) != STARTED:
                return
        except OSError:
            return
        status = connection.recv(1)
    # A worker that was killed sends no status.
    os._exit(status[0] if status else 1)


def launcher_cpu_s() -> float:
    """Return the CPU seconds of the launcher of this worker; 0 in a script that runs by itself."""
    return float(os.environ.get(LAUNCHER, 0))


class _Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Server that forks a worker per connection, and ends when standard input does."""

    max_children = 10_000
    block_on_close = False
    entry: str
    interrupt: Any  # what workers do at SIGINT, as without a server

    def verify_request(self, request: socket.socket, client_address: str) -> bool:
        """Import the libraries before the first fork."""
        for name in (self.entry, *COMMON):
            loaded = resolve_name(name)
            if callable(loaded):
                loaded()
        return True

    def service_actions(self) -> None:
        """Stop when Snakemake has ended; called twice a second."""
        super().service_actions()
        if select.select([sys.stdin], [], [], 0)[0]:
            raise SystemExit


class _Worker(socketserver.StreamRequestHandler):
    """Run one script in a forked process."""

    def handle(self) -> None:
        """Take over streams, folder and environment of the launcher, run its script, and send the exit status."""
        signal.signal(signal.SIGINT, self.server.interrupt)
        _, descriptors, *_ = socket.recv_fds(self.request, 1, STREAMS)
        for stream, descriptor in enumerate(descriptors):
            os.dup2(descriptor, stream)
            os.close(descriptor)
        request = json.loads(self.rfile.readline())
        threading.Thread(target=_end_with, args=[self.request], daemon=True).start()
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"], **{LAUNCHER: str(request["cpu_s"])})
        sys.argv, sys.path = [request["script"]], request["path"]
        for name in [name for name in sys.modules if name.split(".")[0] == __package__.split(".")[0]]:
            del sys.modules[name]
        self.request.sendall(STARTED)
        status = _run(request["script"])
        self.request.sendall(bytes([status]))
        os._exit(status)


def _run(script: str) -> int:
    """Run a script as the main module and return its exit status."""
    status = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return status & 255


def _end_with(launcher: socket.socket) -> None:
    """Kill this process when its launcher has ended."""
    launcher.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Serve until standard input ends; the arguments are the path of the socket and what to import (see `start`)."""
    path, entry = sys.argv[1:]
    environment.clean()
    try:
        with _Server(path, _Worker) as server:
            server.entry, server.interrupt = entry, signal.signal(signal.SIGINT, signal.SIG_IGN)
            server.serve_forever()
    finally:
        shutil.rmtree(os.path.dirname(path), ignore_errors=True)


if __name__ == "__main__":
    main()
