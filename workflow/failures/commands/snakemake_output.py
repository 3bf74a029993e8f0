"""Output of Snakemake commands that run no job."""

from __future__ import annotations

import re
import subprocess
import sys

# Lines that Snakemake writes at every start.
_START = re.compile(
    r"^(Using (workflow specific )?profile|Config file .* is extended|Assuming unrestricted|Building DAG).*\n"
    r"|\nSNAKEMAKE\n=+\n(  .*\n)+",
    re.M,
)


def output(command: list[str]) -> str:
    """Run a Snakemake command and return its standard output, followed by its messages.

    Args:
        command: Command line.

    Raises:
        SystemExit: The command failed; its messages are the text of the exception.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        messages = _START.sub("", done.stderr + done.stdout).strip()
        sys.exit(messages or f"{command[0]} ended with exit code {done.returncode}")
    return done.stdout + done.stderr
