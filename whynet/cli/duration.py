"""A time as people write it: ``30s``, ``2m``, ``1h``, or seconds without a unit."""

from __future__ import annotations

import re

from whynet.errors import OptionError
from whynet.text import Text

UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float:
    """The seconds of a time such as ``30s``, ``1.5m`` or ``90``; more than 0.

    Raises `OptionError` for anything else.
    """
    found = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([a-z]*)\s*", text.lower())
    if found is None or found[2] not in UNITS or float(found[1]) <= 0:
        raise OptionError(_DURATION, received=text)
    return float(found[1]) * UNITS[found[2]]


_DURATION = Text(
    "Expected a time above 0 such as 30s, 2m or 90 (seconds). Received: {received}",
    "30s, 2m, 90(초)처럼 0보다 긴 시간이 필요하다. 받은 것: {received}",
)
