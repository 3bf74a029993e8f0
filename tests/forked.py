"""Run Snakemake in a fork of a process that has imported it, which halves the time of a dry run.

This module imports nothing of the project, because a fork reads the project that it runs in.
"""

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["snakemake.cli", "pandas", "pydantic"])


def snakemake(arguments, folder, environment):
    """Run Snakemake in a folder.

    Args:
        arguments: arguments of the command line, after `snakemake`.
        folder: working directory of the process.
        environment: environment variables of the process.

    Returns:
        The exit code, None if the process was killed, and what it wrote to stdout and stderr.
    """
    # If two threads wait for processes, one may reap the other's exit code. The process therefore also sends it.
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
    # The path of `python -m snakemake`, without the folders that pytest added.
    sys.path[:] = [folder, *(path for path in sys.path if not _is_ours(Path(path)))]
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    try:
        main()
    except SystemExit as end:
        sender.send(end.code)


def _is_ours(path):
    return path.is_relative_to(ROOT) and not path.is_relative_to(sys.prefix)
