"""Values as cells and cells as values, with nothing lost on the way.

A workbook has numbers of 15 digits, dates from 1900 on without a time zone, and texts of 32,767 characters; what does
not fit becomes text, and a longer text is refused. What XML has no character for is written as ECMA-376 says (part 1,
section 22.9.2.19): ``_x0007_``.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flowbook import TaskFailed, tables
from flowbook.counting import counted

LONGEST_TEXT = 32_767
_EXACT = 10**15
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def put(cell: Any, value: Any, formulas: bool, where: str) -> None:
    """Write a value into a cell of openpyxl's. TaskFailed for a text that is too long."""
    plain = _plain(value)
    if not isinstance(plain, str):
        cell.value = plain
        return
    if formulas and plain.startswith("=") and len(plain) > 1:
        cell.value = plain
        return
    text = _UNWRITABLE.sub(_escape, tables.well_formed(plain))
    if len(text) > LONGEST_TEXT:
        hint = "Shorten it, or write a CSV file."
        raise TaskFailed(
            f"{where} has {counted(len(text), 'character')}; a cell holds 32,767.", hint=hint, permanent=True
        )
    cell.value = text
    cell.data_type = "s"  # also of what looks like a formula or an error
    if text.startswith("="):
        cell.quotePrefix = True


def _escape(found: re.Match[str]) -> str:
    text = found.group()
    return f"_x{ord(text):04X}_" if len(text) == 1 else f"_x005F{text}"


def _plain(value: Any) -> Any:
    """What a cell holds: a number, a date, true or false, nothing, or a text."""
    value = tables.scalar(value) if not isinstance(value, datetime) else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, (date, time)):
        fits = not getattr(value, "tzinfo", None) and getattr(value, "year", 1900) >= 1900
        return value if fits and not isinstance(value, time) else value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (list, tuple, Mapping)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return value if abs(value) < _EXACT else str(value)
    return value if value.is_finite() and len(value.as_tuple().digits) <= 15 else str(value)


def taken(value: Any) -> Any:
    """The value of a cell as openpyxl gives it, its escapes undone."""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), value) if "_x" in value else value
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value.isoformat() if isinstance(value, time) else value


def dated(rows: list[list[Any]]) -> list[list[Any]]:
    """Rows with dates as ISO text: without a time in a column where it is midnight everywhere."""
    timed = {at for row in rows for at, one in enumerate(row) if isinstance(one, datetime) and one.time() != time()}
    return [[_iso(one, at in timed) for at, one in enumerate(row)] for row in rows]


def _iso(value: Any, timed: bool) -> Any:
    if isinstance(value, datetime) and not timed:
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def rows_of(given: Any) -> tuple[list[str], list[dict[str, Any]]]:
    """The columns and rows of a DataFrame or a list of objects; TaskFailed for anything else."""
    if tables.is_frame(given):
        return [str(name) for name in given.columns], list(tables.rows(given))
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)) or not _all_objects(given):
        hint = 'Give a list of objects, each as {"column": value}, or a DataFrame.'
        raise TaskFailed("The rows are not a list of objects.", hint=hint, permanent=True)
    rows = [{str(name): value for name, value in row.items()} for row in given]
    return list(dict.fromkeys(name for row in rows for name in row)), rows


def _all_objects(given: Iterable[Any]) -> bool:
    return all(isinstance(row, Mapping) for row in given)
