"""A part of each cross of two things that have nothing to do with one another, so that every value of both is tried.

``FLOWBOOK_TEST_CROSSES=all`` tries every pair; ``make torture`` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

WHOLE = os.environ.get("FLOWBOOK_TEST_CROSSES") == "all"

Row = TypeVar("Row")
Column = TypeVar("Column")


def crossed(rows: Iterable[Row], columns: Iterable[Column], each: int) -> list[tuple[Row, Column]]:
    """Each row with ``each`` of the columns, others than the row before it has; the same ones at every run."""
    rows, columns = list(rows), list(columns)
    assert len(rows) * each >= len(columns), "a column would be left out"
    if WHOLE:
        return [(row, column) for row in rows for column in columns]
    # As many columns further with each row as a row has: of rows that are alike, no two have the same ones.
    return [
        (row, columns[(number * each + step) % len(columns)]) for number, row in enumerate(rows) for step in range(each)
    ]
