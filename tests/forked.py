"""Snakemake in a fork of a process that has imported it, which takes half the time of a dry run.

Imports nothing of the project: a fork reads the project that it runs in.
"""

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["snakemake.cli"])


def snakemake(arguments, folder, environment):
    """Run Snakemake in a folder; returns its exit code (None: killed) and what it said."""
    # Of two threads that wait for processes, one may read the other's exit code, which then is lost: it is sent, too.
    receiver, sender = CONTEXT.Pipe(duplex=False)
    with tempfile.NamedTemporaryFile("r") as output, receiver:
        process = CONTEXT.Process(target=_main, args=[arguments, str(folder), dict(environment), output.name, sender])
        process.start()
        sender.close()
        process.join()
        try:
            return receiver.recv(), output.read()
        except EOFError:
            return None, output.read()


def _main(arguments, folder, environment, output, sender):
    with open(output, "w") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # As `python -m snakemake` has it: without the folders that pytest added.
    sys.path[:] = [folder, *(path for path in sys.path if not _is_ours(Path(path)))]
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    try:
        main()
    except SystemExit as end:
        sender.send(end.code)


def _is_ours(path):
    return path.is_relative_to(ROOT) and not path.is_relative_to(sys.prefix)
