"""`make bench`: the contenders that need nothing outside the lock, briefly, and the table."""

import argparse
from pathlib import Path

import pytest

import bench.__main__ as runner

OPTIONS = argparse.Namespace(rounds=1, seconds=0.1, dimensions=[3], pin=False)


@pytest.fixture(autouse=True)
def _from_the_root(request, monkeypatch):
    monkeypatch.chdir(request.config.rootpath)
    monkeypatch.setenv("PYTHONPATH", "workflow")


@pytest.mark.parametrize("name", ["engine", "authors", "keras_fit"])
def test_contenders_train(name):
    assert runner.measure(name, 3, OPTIONS) > 10


def test_a_peer_that_is_not_installed_is_a_row_that_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(runner, "PEERS", Path(tmp_path / "python"))
    assert runner.measure("pytorch", 3, OPTIONS) is None
    medians = {(3, name): 100.0 for name in runner.CONTENDERS} | {(3, "authors"): 25.0, (3, "pytorch"): None}
    rows = runner.render(medians, OPTIONS).splitlines()
    assert any("authors' style" in row and "25 (4.00x)" in row for row in rows)
    assert any("PyTorch" in row and "not installed: `make peers`" in row and row.endswith("| - |") for row in rows)
