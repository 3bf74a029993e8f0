"""Shared by all tests: TensorFlow with one thread, and the configuration of the tests."""

from pathlib import Path

import pytest

from failures.config import load
from failures.jobs import configure_tensorflow

ROOT = Path(__file__).resolve().parents[1]
configure_tensorflow(threads=1)


@pytest.fixture(scope="session")
def config():
    """The configuration at the paper's scale."""
    return load(ROOT / "config.yaml")


@pytest.fixture(scope="session")
def test_config():
    """The configuration of the tests, seconds of work."""
    return load(ROOT / "config.yaml", ROOT / "config/test.yaml")
