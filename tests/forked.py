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
    """Run Snakemake in a folder; returns its exit code and what it said."""
    with tempfile.NamedTemporaryFile("r") as output:
        process = CONTEXT.Process(target=_main, args=[arguments, str(folder), dict(environment), output.name])
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        return code, output.read()


def _main(arguments, folder, environment, output):
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

    main()


def _is_ours(path):
    return path.is_relative_to(ROOT) and not path.is_relative_to(sys.prefix)
