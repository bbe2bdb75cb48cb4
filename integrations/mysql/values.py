"""How values travel: what MySQL sends becomes plain JSON or a DataFrame, what params hold becomes SQL values.

As rows (plain JSON), by MySQL's type:

=======================  ===============================================================================
tinyint … bigint, year   a whole number (a boolean is tinyint: 1 or 0); bit likewise
decimal                  a whole number; else a number if that keeps every digit; else text with every digit
float, double            a number
datetime, timestamp      ISO 8601 text ("2026-01-31T09:30:00"), in the session's time zone as the server has it
date, time               text ("2026-01-31", "-12:30:00"); zero dates stay as they are
json                     what it holds (MySQL's own; MariaDB's json is text)
binary, blob, geometry   bytes; base64 text inside of JSON
all else                 text
=======================  ===============================================================================

As a DataFrame: whole numbers int64 (Int64 with NULLs), decimal float64, datetimes and dates datetime64, all else as in
rows; a column with a date that datetime64 has no place for stays text.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flowbook import TaskFailed, how_to_install, tables
from flowbook.json_text import parse_json

# The numbers of types in MySQL's protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
_INTEGERS, _DECIMALS, _MOMENTS, _DATE, _TIME, _BIT, _JSON = (1, 2, 3, 8, 9, 13), (0, 246), (7, 12), 10, 11, 16, 245


def number(text: str) -> int | float | str:
    """A decimal number's text as the plainest JSON value that loses no digit."""
    if text.lstrip("-").isdigit():
        return int(text)
    exact = Decimal(text)
    near = float(exact)
    return near if math.isfinite(near) and Decimal(repr(near)) == exact else text


def _moment(text: str) -> str:
    return text.replace(" ", "T", 1)


def _json(text: str) -> Any:
    return parse_json(text)


def _bit(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _text(value: str) -> str:
    return value


READERS: dict[int, Any] = {
    **dict.fromkeys(_INTEGERS, int),
    **dict.fromkeys((4, 5), float),
    **dict.fromkeys(_DECIMALS, number),
    **dict.fromkeys(_MOMENTS, _moment),
    _DATE: _text,
    _TIME: _text,
    _BIT: _bit,
    _JSON: _json,
}


def to_frame(description: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Any:
    """The rows as a pandas DataFrame, its columns typed by the rules above."""
    try:
        import pandas as pd
    except ImportError:
        raise TaskFailed("A DataFrame needs pandas.", hint=how_to_install("pandas"), permanent=True) from None
    names = tables.column_names(column[0] for column in description)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    kinds = [column[1] for column in description]
    made = {name: _series(pd, kind, values) for name, kind, values in zip(names, kinds, columns, strict=True)}
    return pd.DataFrame(made, columns=names)


def _series(pd: Any, kind: int, values: Sequence[Any]) -> Any:
    if kind in (*_INTEGERS, _BIT):
        largest = max((abs(value) for value in values if value is not None), default=0)
        if largest < 2**63:
            return pd.Series(values, dtype="Int64" if None in values else "int64")
    if kind in (*_DECIMALS, 4, 5):
        return pd.Series([None if value is None else float(value) for value in values], dtype="float64")
    texts = pd.Series(values, dtype="object")
    if kind in (*_MOMENTS, _DATE):
        moments = pd.to_datetime(texts, format="ISO8601", errors="coerce")
        return moments if moments.isna().equals(texts.isna()) else texts
    return texts


def value_in(value: Any) -> Any:
    """One value as PyMySQL takes it: objects and lists as JSON text, NaN as NULL."""
    value = tables.scalar(value)
    if isinstance(value, str):
        return tables.well_formed(value)
    if isinstance(value, float):
        return _finite(value)
    if value is None or isinstance(value, (bool, int, bytes, date, datetime, time, timedelta, Decimal)):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (Mapping, list, tuple)):
        return tables.well_formed(json.dumps(value, ensure_ascii=False, default=_json_of))
    raise TaskFailed(
        f"A {type(value).__name__} cannot be stored.", hint="Turn it into text, a number or an object.", permanent=True
    )


def _finite(value: float) -> float | None:
    if math.isinf(value):
        raise TaskFailed("MySQL has no infinity.", hint="Give a number, or null.", permanent=True)
    return None if math.isnan(value) else value


def _json_of(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    plain = tables.scalar(value)
    return str(value) if plain is value else plain
