"""Numbers and times as text for captions, claims and pages."""

from __future__ import annotations

import math
from collections.abc import Iterable

# Units of time in seconds.
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def number(value: float) -> str:
    """Format a number with three significant digits.

    Args:
        value: Any float.

    Returns:
        Text such as "0.0302", "7.5e-4" or "12,300"; "?" for NaN, "∞" for infinity.
    """
    if math.isnan(value):
        return "?"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return (f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}").replace("-", "−")


def duration(seconds: float) -> str:
    """Format a time with three significant digits in a readable unit.

    Args:
        seconds: Time in seconds.

    Returns:
        Text such as "12.3 s", "105 min" or "5.5 h".
    """
    name = unit(seconds)
    return f"{number(seconds / UNITS[name])} {name}"


def unit(seconds: float) -> str:
    """Choose a readable unit for a time.

    Args:
        seconds: Time in seconds.

    Returns:
        "s" below 5 minutes, "min" below 4 hours, otherwise "h".
    """
    return "s" if seconds < 300 else "min" if seconds < 4 * 3600 else "h"


def interval(value: float, low: float, high: float) -> str:
    """Format a value with its interval, such as "0.61 [0.52, 0.70]".

    Args:
        value: The value.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """
    return f"{number(value)} [{number(low)}, {number(high)}]"


def percent(share: float) -> str:
    """Format a share in [0, 1] as a percentage.

    Args:
        share: The share.

    Returns:
        Text such as "33 %", or "0.4 %" below one percent; "?" for NaN.
    """
    return "?" if math.isnan(share) else f"{100 * share:.{0 if share == 0 or abs(share) >= 0.01 else 1}f} %"


def listed(values: Iterable[float | str]) -> str:
    """Join values for a sentence.

    Args:
        values: Texts or numbers.

    Returns:
        Text such as "5, 10 and 30".
    """
    texts = [value if isinstance(value, str) else f"{value:,g}" for value in values]
    return " and ".join([", ".join(texts[:-1])] * (len(texts) > 1) + texts[-1:])
