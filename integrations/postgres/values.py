"""How values travel: what PostgreSQL sends becomes plain JSON or a DataFrame, what params hold becomes SQL values.

As rows (plain JSON), by PostgreSQL's type:

=====================  =================================================================================
smallint … bigint      a whole number
numeric                a whole number; else a number if that keeps every digit; else text with every digit
real, double           a number; NaN and the infinities as the texts "NaN", "Infinity", "-Infinity"
boolean                true or false
timestamp, date, time  ISO 8601 text ("2026-01-31T09:30:00+00:00"); "infinity" stays as PostgreSQL writes it
interval               ISO 8601 duration ("P1DT2H")
json, jsonb            what it holds
bytea                  bytes; base64 text inside of JSON
arrays                 lists of the same
all else               PostgreSQL's own text: uuid, inet, enum, range, composite, …
=====================  =================================================================================

As a DataFrame: whole numbers int64 (Int64 with NULLs), numeric float64, timestamps and dates datetime64 (with a time
zone: in UTC), booleans bool (boolean with NULLs), bytea bytes, all else as in rows.
A column with a date that datetime64 has no place for (before the year 1, after 9999, infinity) stays as in rows.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from flowbook import tables
from flowbook.json_text import parse_json

NUMERIC, INTERVAL, BYTEA = 1700, 1186, 17
FLOATS, TIMES, JSONS = (700, 701), (1082, 1083, 1114, 1184, 1266), (114, 3802)
RANGES = (3904, 3906, 3908, 3910, 3912, 3926)
_ARRAYS_OF = {
    NUMERIC: (1231,), 700: (1021,), 701: (1022,), 1082: (1182,), 1083: (1183,), 1114: (1115,), 1184: (1185,),
    1266: (1270,), INTERVAL: (1187,), BYTEA: (1001,), 114: (199,), 3802: (3807,),
}  # fmt: skip
_TEXT_ARRAYS = (2951, 1041, 651, 1040, 791, 1561, 1563, 3905, 3907, 3909, 3911, 3913, 3927)
_LONE = re.compile("[\ud800-\udfff]")
_SHORT_ZONE = re.compile(r"([+-]\d\d)$")


def register_types(connection: Any, *, for_frame: bool = False) -> None:
    """Make ``connection`` hand out values by the rules above; ``for_frame`` as a DataFrame wants them."""
    import psycopg2.extensions as extensions

    readers: dict[tuple[int, ...], Callable[[Any, Any], Any]] = {
        (NUMERIC,): _float if for_frame else _numeric,
        FLOATS: _float if for_frame else _finite,
        TIMES: _iso,
        (INTERVAL,): _text,
        JSONS: _json,
        (BYTEA,): _bytes,
        RANGES: _text,
    }
    for oids, read in readers.items():
        single = extensions.new_type(oids, "FLOWBOOK", read)
        extensions.register_type(single, connection)
        for oid in oids:
            if oid in _ARRAYS_OF:
                extensions.register_type(extensions.new_array_type(_ARRAYS_OF[oid], "FLOWBOOK[]", single), connection)
    texts = (*_TEXT_ARRAYS, *_enum_arrays(connection))
    extensions.register_type(extensions.new_array_type(texts, "FLOWBOOK[]", extensions.UNICODE), connection)


def _enum_arrays(connection: Any) -> list[int]:
    """The arrays of the database's own enum types, and the styles that the readers below count on."""
    with connection.cursor() as cursor:
        scope = "SESSION" if connection.autocommit else "LOCAL"
        for setting in ("intervalstyle TO iso_8601", "datestyle TO ISO", "bytea_output TO hex"):
            cursor.execute(f"SET {scope} {setting}")
        cursor.execute("SELECT typarray FROM pg_catalog.pg_type WHERE typtype = 'e' AND typarray <> 0")
        return [row[0] for row in cursor.fetchall()]


def _text(value: str | None, cursor: Any) -> str | None:
    return value


def _numeric(value: str | None, cursor: Any) -> int | float | str | None:
    return None if value is None else number(value)


def number(text: str) -> int | float | str:
    """A decimal number's text as the plainest JSON value that loses no digit."""
    if text.lstrip("-").isdigit():
        return int(text)
    exact = Decimal(text)
    near = float(exact)
    if math.isfinite(near) and exact.is_finite() and Decimal(repr(near)) == exact:
        return near
    return text


def _finite(value: str | None, cursor: Any) -> float | str | None:
    if value is None:
        return None
    near = float(value)
    return near if math.isfinite(near) else value


def _float(value: str | None, cursor: Any) -> float | None:
    return None if value is None else float(value)


def _iso(value: str | None, cursor: Any) -> str | None:
    if value is None or value.endswith((" BC", "infinity")):
        return value
    return _SHORT_ZONE.sub(r"\1:00", value.replace(" ", "T", 1)) if ":" in value else value


def _json(value: str | None, cursor: Any) -> Any:
    return None if value is None else parse_json(value, parse_float=_json_float)


def _json_float(text: str) -> float | str:
    near = float(text)
    return near if math.isfinite(near) else text


def _bytes(value: str | None, cursor: Any) -> bytes | None:
    return None if value is None else bytes.fromhex(value[2:])


def to_frame(description: Any, rows: list[tuple[Any, ...]]) -> tuple[Any, list[str]]:
    """The rows as a pandas DataFrame, its columns typed by the rules above, and what of them is worth saying."""
    from .frames import frame

    names = tables.column_names(column.name for column in description)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return frame(
        {name: (column.type_code, values) for name, column, values in zip(names, description, columns, strict=True)}
    )


def plain(value: Any) -> Any:
    """``value`` without what psycopg2 does not know: numpy's scalars, missing values, UUIDs, lone surrogates."""
    if isinstance(value, str):
        return tables.well_formed(value)
    if isinstance(value, UUID):
        return str(value)
    if tables.is_foreign(value):
        if type(value).__name__ in ("NaTType", "NAType"):
            return None
        return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value.item()
    return value


def dumps(value: Any) -> str:
    """JSON text for a json column; dates and decimals as text, bytes as base64."""
    text = json.dumps(value, default=_json_of, ensure_ascii=False)
    # jsonb takes no escape of a lone surrogate either, so its backslash is one of the text
    return text if text.isascii() else _LONE.sub(lambda found: f"\\\\u{ord(found.group()):04x}", text)


def _json_of(value: Any) -> str:
    return base64.b64encode(value).decode("ascii") if isinstance(value, (bytes, bytearray, memoryview)) else str(value)
