"""Timing: medians of several rounds, in one process, the sides taking turns."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

Sides = dict[str, Callable[[], object]]
Clock = Callable[[], float]


def rounds(number: int, make: Callable[[], Sides], clock: Clock = time.perf_counter) -> dict[str, float]:
    """The median seconds of each side; in every round ``make`` makes them anew, and each runs once.

    So a slow moment hits all sides. What ``make`` does is not measured. The ``clock`` ``time.process_time`` counts the
    processor's time of this process, which says the same on a busy machine.
    """
    taken: dict[str, list[float]] = {}
    for _ in range(number):
        for name, side in make().items():
            gc.collect()
            began = clock()
            side()
            taken.setdefault(name, []).append(clock() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


def medians(number: int, **sides: Callable[[], object]) -> dict[str, float]:
    """As :func:`rounds`, of the same sides each time."""
    return rounds(number, lambda: sides)


def print_rows(title: str, heads: list[str], rows: list[list[str]]) -> None:
    """Print an aligned table."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    print(f"\n{title}")
    for row in [heads, *rows]:
        cells = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells))
