"""The blocks of docs/tutorial.md, as tests run them.

A comment on the line before a block says what it belongs to: `<!-- PART -->` before a block that is run (sh, or
python, each in a process of its own), `<!-- PART: FILE -->` before the content of a file. A block `text` right after
one that is run shows what it printed. All other blocks are for reading.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from project import RESULTS, ROOT, SCALE

BLOCK = re.compile(
    r"^<!-- (?P<part>\w+)(?:: (?P<file>\S+))? -->\n```(?P<language>\w+)\n(?P<text>.*?)^```\n"
    r"(?:\n```text\n(?P<shown>.*?)^```\n)?",
    re.M | re.S,
)
# Tests follow the tutorial at their own scale, with an overlay below those of the tutorial.
SMALL = "small.yaml"
PREVIEW = re.compile(r"(?:--configfile )?((?:\S+\.yaml )*)--config scale=preview")
REPLACED = {"results/preview": RESULTS, 'scale="preview"': f'scale="{SCALE}"', "--cores 2": "--cores 1"}


def _at_tests_scale(text):
    text = PREVIEW.sub(rf"--configfile {SMALL} \1--config scale={SCALE}", text)
    for preview, test in REPLACED.items():
        text = text.replace(preview, test)
    return text


@dataclass(frozen=True)
class Block:
    """A block: `file` if it is the content of one, `shown` if the tutorial shows what it prints."""

    part: str
    file: str | None
    language: str
    text: str
    shown: str | None


def blocks(part=None):
    """The blocks of a part, or of all parts, in their order."""
    found = [Block(**match.groupdict()) for match in BLOCK.finditer((ROOT / "docs/tutorial.md").read_text())]
    return [block for block in found if part in (None, block.part)]


def follow(part, folder):
    """Do in a folder what a part says, at the tests' scale. Returns each block that was run, with what it printed."""
    return [(block, run(block, folder)) for block in write_files(part, folder)]


def write_files(part, folder):
    """Write the files of a part. Returns its other blocks."""
    for block in blocks(part):
        if block.file is not None:
            path = Path(folder, block.file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_at_tests_scale(block.text))
    return [block for block in blocks(part) if block.file is None]


def run(block, folder):
    """Run a block in a folder. Returns what it printed; an error fails the test."""
    shell = {"sh": ["bash", "-e", "-c"], "python": [sys.executable, "-c"]}[block.language]
    # The environment of `source .venv/bin/activate`.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": "workflow", "MPLBACKEND": "agg"}
    command = [*shell, _at_tests_scale(block.text)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def words(text):
    """The words of an output, without numbers, which depend on the scale."""
    return set(re.findall(r"[A-Za-z_]+", _at_tests_scale(text)))
