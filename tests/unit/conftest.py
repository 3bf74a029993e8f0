"""Shared by the unit tests: the style of figures, and training with and without XLA."""

import matplotlib.pyplot as plt
import pytest

from failures.artifacts import style
from failures.engine.training import Trainer


@pytest.fixture
def look():
    """Apply the style of all figures, and close them afterwards."""
    style.apply("colorblind")
    yield
    plt.close("all")


@pytest.fixture(params=["graph", pytest.param("xla", marks=pytest.mark.slow)])
def loop(request, monkeypatch):
    """Train in a plain graph, and in a slow test with XLA, which compiles for seconds, where the learner uses it."""
    if request.param == "graph":
        monkeypatch.setattr(Trainer, "xla", property(lambda trainer: False, lambda trainer, value: None), raising=False)
    return request.param
