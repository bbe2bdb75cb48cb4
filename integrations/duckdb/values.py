"""Values on their way into DuckDB and out of it.

In: dates, decimals, lists and objects as DuckDB has them; rows as columns whose type fits all their values, else as
text (numbers as written, lists and objects as JSON). Out, as rows: dates and times as ISO 8601 text, decimals as a
number if that keeps every digit, else as text; UUIDs and intervals as text, blobs as bytes, structs and maps as
objects, NaN and infinity as None.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from flowbook import TaskFailed, how_to_install, tables


def arrow_table(given: Any) -> Any:
    """Rows as a table of pyarrow; a row without one of the columns has no value there."""
    try:
        import pyarrow as pa
    except ImportError:
        raise TaskFailed("pyarrow is not installed.", hint=how_to_install("duckdb"), permanent=True) from None
    columns = tables.columns_of(given)
    if not columns:
        raise TaskFailed(
            "There is no row, so nothing says which columns there are.", hint="Give a DataFrame.", permanent=True
        )
    rows = list(tables.mappings(given))
    made = {name: _column(pa, [tables.scalar(row.get(name)) for row in rows]) for name in columns}
    return pa.table(made)


def _column(pa: Any, values: list[Any]) -> Any:
    try:
        return pa.array([tables.well_formed(one) if isinstance(one, str) else one for one in values])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeError):
        return pa.array([None if one is None else _text(one) for one in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return tables.well_formed(value)
    if isinstance(value, (bool, Mapping, list, tuple)):
        return tables.well_formed(json.dumps(value, ensure_ascii=False, default=_plain))
    return str(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, (date, time)) else str(tables.scalar(value))


def bound(values: Any) -> Any:
    """Parameters as DuckDB takes them: a list for ?, an object for $name."""
    if isinstance(values, Mapping):
        return {str(name): value_in(value) for name, value in values.items()}
    return [value_in(value) for value in values or ()]


def value_in(value: Any) -> Any:
    """One value without what only numpy and pandas know."""
    value = tables.scalar(value)
    if isinstance(value, str):
        return tables.well_formed(value)
    if isinstance(value, Mapping):
        return {str(name): value_in(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [value_in(one) for one in value]
    return value


def value_out(value: Any) -> Any:
    """One value as plain JSON; bytes stay bytes."""
    if value is None or isinstance(value, (bool, int, str, bytes)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): value_out(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [value_out(one) for one in value]
    return str(value)


def _number(exact: Decimal) -> int | float | str:
    if exact == exact.to_integral_value():
        return int(exact)
    near = float(exact)
    return near if Decimal(repr(near)) == exact else str(exact)
