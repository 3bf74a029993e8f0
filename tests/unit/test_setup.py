"""Error messages of the set-up script."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def set_up(tmp_path, python):
    command = [ROOT / "envs/setup.sh", tmp_path / "venv", ROOT / "envs/lock.txt"]
    done = subprocess.run(
        command, env=os.environ | {"PYTHON": str(python)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert not (tmp_path / "venv").exists()
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_missing_python_is_one_line_that_says_what_to_do(tmp_path):
    message = set_up(tmp_path, tmp_path / "nowhere")
    assert message.startswith("No Python 3.11 to 3.13 found: install one")
    assert "make PYTHON=" in message


def test_a_python_without_venv_is_one_line_that_says_what_to_do(tmp_path):
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) echo "No module named ensurepip" >&2; exit 1;; esac\n')
    python.chmod(0o755)
    assert "cannot make virtual environments: install venv" in set_up(tmp_path, python)
