"""Timing: medians of several rounds, in one process, the sides taking turns."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable


def medians(rounds: int, **sides: Callable[[], object]) -> dict[str, float]:
    """The median seconds of each side; in every round each side runs once, so that a slow moment hits all."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            gc.collect()
            began = time.perf_counter()
            side()
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


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
