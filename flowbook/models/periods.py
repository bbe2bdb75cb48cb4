"""Lengths of time as people write them: "90s", "15m", "12h", "1d", "2w"."""

from __future__ import annotations

import re

_PERIOD = re.compile(r"(\d+(?:\.\d+)?) ?([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}


def seconds_in(text: str) -> float | None:
    """How many seconds a length of time has; None for a text that is none."""
    found = _PERIOD.fullmatch(text.strip())
    return None if found is None else float(found[1]) * _SECONDS[found[2]]
