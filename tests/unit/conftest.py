"""Shared by the tests of figures."""

import matplotlib.pyplot as plt
import pytest

from failures.artifacts import style


@pytest.fixture
def look():
    """The style of all figures, and none left open."""
    style.apply("colorblind")
    yield
    plt.close("all")
