"""The cells of a CSV file: text to values by column, and values to text.

A column is a column of integers, of numbers, or of true and false when each of its cells that is not empty is one;
everything else stays text, also what only looks like a number: 00123, +49 171, 1e999, an id of more than 18 digits.
Empty cells are None. Columns are typed as a whole, so a column never holds numbers and texts side by side.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from flowbook import tables

from .frames import BYTES, base64_of

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})\Z", re.ASCII)
_NUMBER = re.compile(r"-?((0|[1-9]\d{0,29})(\.\d{1,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?\Z", re.ASCII)
_WHOLE = re.compile(r"-?\d+\Z", re.ASCII)
EXACT_DIGITS = 15
"""Digits that a float keeps: a longer whole number among decimals would lose its last ones, so it stays text."""
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}


def typed(cells: list[str | None]) -> list[Any]:
    """A column's values; see above."""
    filled = {cell for cell in cells if cell is not None}
    if not filled:
        return list(cells)
    for read in (_integer, _number, _BOOLEANS.get):
        values: dict[str | None, Any] = {cell: read(cell) for cell in filled}
        if None not in values.values():
            values[None] = None
            return [values[cell] for cell in cells]
    return list(cells)


def _integer(cell: str) -> int | None:
    return int(cell) if _INTEGER.match(cell) else None


def _number(cell: str) -> float | None:
    if not _NUMBER.match(cell) or (_WHOLE.match(cell) and len(cell.lstrip("-")) > EXACT_DIGITS):
        return None
    value = float(cell)
    return value if math.isfinite(value) else None


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """All columns that any of the rows has, in the order they come up."""
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    return [str(name) for name in names]


def text_of(value: Any) -> str:
    """A value as a cell: nothing for None, true and false in lower case, ISO dates, JSON for lists and objects.

    Bytes are base64, also in JSON.
    """
    value = tables.scalar(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (list, tuple, Mapping)):
        return json.dumps(value, ensure_ascii=False, default=_json_of)
    return base64_of(value) if isinstance(value, BYTES) else str(value)


def _json_of(value: Any) -> Any:
    plain = tables.scalar(value)
    if plain is not value:
        return plain
    return base64_of(value) if isinstance(value, BYTES) else str(value)
