"""Where a node's bar stands on the timeline of its run."""

from __future__ import annotations


def part(started: float, seconds: float, began: float, whole: float) -> tuple[float, float]:
    """Where it begins and how long it is, each from 0 to 1, in a run that ``began`` then and took ``whole`` seconds.

    A bar is never so short that it could not be seen.
    """
    left = min(max((started - began) / whole, 0.0), 0.98)
    return left, max(min(seconds / whole, 1 - left), 0.02)
