"""Daemons that end with the process that starts them, even if it is killed. Linux only.

A keeper process starts the daemons and adopts them when they go to the background. It ends them when the pipe to its
standard input closes, as the kernel does for a killed process.
"""

import ctypes
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36
GRACE = 3  # seconds between SIGTERM and SIGKILL


class Unavailable(Exception):
    """There can be no cluster here; the text says why."""


class Daemons:
    """The daemons of a cluster.

    Args:
        run: folder of the test run; what works in it ends with the daemons, such as the Snakemake of a killed test.
    """

    def __init__(self, run=None):
        self.lock = threading.Lock()
        self.keeper = subprocess.Popen(
            [sys.executable, __file__, *([] if run is None else [str(run)])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, *command, environment=None, folder="/"):
        """Start a daemon, and return when its command has ended; fails with the output if the exit code is not 0."""
        request = {"command": command, "environment": dict(environment or os.environ), "folder": str(folder)}
        with self.lock:
            print(json.dumps(request), file=self.keeper.stdin, flush=True)
            code, output = json.loads(self.keeper.stdout.readline())
        if code != 0:
            raise RuntimeError(f"{command[0]} ended with exit code {code}: {output}")

    def stop(self):
        """End all daemons, all their descendants, and all processes that work in the folder of the test run."""
        self.keeper.stdin.close()
        self.keeper.wait(60)
        self.keeper.stdout.close()


def keep(run=None):
    """Start the daemons that standard input names, one per line; end all of them at its end."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    while True:
        # Schedulers wait until the processes of a job are gone, so ended descendants are collected.
        if not select.select([sys.stdin], [], [], 0.2)[0]:
            collect()
        elif line := sys.stdin.readline():
            print(json.dumps(begin(**json.loads(line))), flush=True)
        else:
            break
    until = time.monotonic() + GRACE
    while left := descendants() | workers(run):
        for process in left:
            try:
                process.terminate() if time.monotonic() < until else process.kill()
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.2)
        collect()


def begin(command, environment, folder):
    """Run a command until it goes to the background or ends. Returns its exit code and its output."""
    with tempfile.TemporaryFile("w+") as output:
        # A daemon may keep these files open, so they are no pipes.
        try:
            process = subprocess.Popen(
                command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        except OSError as error:
            return 127, str(error)
        code = process.wait()
        output.seek(0)
        return code, output.read()


def collect():
    """Collect the exit codes of all ended children."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def descendants():
    """Return the descendants of this process."""
    return set(psutil.Process().children(recursive=True))


def workers(run):
    """Return the processes whose working directory is inside the folder of a test run."""
    found = set()
    for process in psutil.process_iter() if run else ():
        try:
            if Path(process.cwd()).is_relative_to(run):
                found.add(process)
        except psutil.Error:
            continue
    return found - {psutil.Process()}


if __name__ == "__main__":
    keep(*sys.argv[1:])
