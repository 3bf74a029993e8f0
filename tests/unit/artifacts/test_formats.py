"""Times as text."""

import pytest

from failures.artifacts.formats import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0.4 s"),
        (59.64, "59.6 s"),
        (299, "299 s"),
        (300, "5 min"),
        (6240, "104 min"),
        (4 * 3600 - 1, "240 min"),
        (4 * 3600, "4 h"),
        (19800, "5.5 h"),
    ],
)
def test_a_duration_has_a_readable_unit(seconds, text):
    assert duration(seconds) == text
