"""Values on their way into SQLite and out of it; rows in all the forms they are given in.

In: true and false as 1 and 0, dates as ISO 8601 text, decimals and UUIDs as text, lists and objects as JSON text (bytes
in them as base64), NaN and missing cells of a DataFrame as NULL, lone surrogates as escapes (``\\ud800``). Out: blobs
as bytes, all else as SQLite has it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from flowbook import TaskFailed, how_to_install, tables


def bound(sql: str, values: Any) -> tuple[str, Any]:
    """A statement and its parameters as sqlite3 takes them: a tuple or a dict.

    A list that stands in ``IN (?)`` or ``IN (:name)``, or there without brackets, becomes its items, one by one.
    """
    sql = tables.well_formed(sql)
    if values is None:
        return sql, ()
    if isinstance(values, Mapping):
        named = {str(name): value for name, value in values.items()}
        sql, more = _expanded_names(sql, named)
        return sql, {name: value_in(value) for name, value in (named | more).items()}
    if isinstance(values, Sequence) and not isinstance(values, (str, bytes)):
        sql, flat = _expanded_marks(sql, list(values))
        return sql, tuple(value_in(value) for value in flat)
    raise TaskFailed(
        f"The parameters are a {type(values).__name__}.",
        hint="Give a list for ?, or an object for :name.",
        permanent=True,
    )


def _expanded_names(sql: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    more: dict[str, Any] = {}

    def replace(found: re.Match[str]) -> str:
        value = _listing(values.get(found.group("name") or ""))
        if value is None:
            return found.group()
        new = {f"{found.group('name')}_{number}_of_list": item for number, item in enumerate(value)}
        more.update(new)
        return found.group("before") + "(" + ", ".join(f":{name}" for name in new) + ")"

    return _MARK.sub(replace, sql), more


def _expanded_marks(sql: str, values: list[Any]) -> tuple[str, list[Any]]:
    flat: list[Any] = []
    rest = iter(values)

    def replace(found: re.Match[str]) -> str:
        if found.group("mark") is None and found.group() != "?":
            return found.group()
        value = next(rest, _NOTHING)
        listing = _listing(value) if found.group("mark") else None
        if listing is None:
            flat.extend([] if value is _NOTHING else [value])
            return found.group()
        flat.extend(listing)
        return found.group("before") + "(" + ", ".join("?" * len(listing)) + ")"

    return _MARK.sub(replace, sql), [*flat, *rest]


_NOTHING = object()
_MARK = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\] | --[^\n]* | /\*.*?(?:\*/|\Z)
    | (?P<before>\bIN\s*)(?P<open>\(\s*)?(?:(?P<mark>\?)(?!\d)|[:@$](?P<name>\w+))(?(open)\s*\))
    | \?(?!\d)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""What is text, name or comment, which is passed over; a parameter alone in IN (…), or after IN; any other ?."""


def _listing(value: Any) -> list[Any] | None:
    """The items of a list, in whatever form it comes; None for anything else."""
    if isinstance(value, (list, tuple)):
        return list(value)
    listed = tables.is_foreign(value) and getattr(value, "shape", None) and not tables.is_frame(value)
    return list(value.tolist()) if listed else None


def value_in(value: Any) -> Any:
    """One value as SQLite takes it."""
    value = tables.scalar(value)
    if isinstance(value, str):
        return tables.well_formed(value)
    if value is None or isinstance(value, (bytes, float)):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise TaskFailed(
                f"{value} is too large: SQLite's integers have 64 bits.", hint="Store it as text.", permanent=True
            )
        return int(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (Mapping, list, tuple)):
        return tables.well_formed(json.dumps(value, ensure_ascii=False, default=_json_of))
    raise TaskFailed(
        f"A {type(value).__name__} cannot be stored.", hint="Turn it into text, a number or an object.", permanent=True
    )


def _json_of(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    plain = tables.scalar(value)
    return str(value) if plain is value else plain


def row_objects(names: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Rows as plain JSON objects."""
    return tables.objects(names, (map(_out, row) for row in rows))


def _out(value: Any) -> Any:
    # JSON has no infinity, which SQLite stores for a number too large (https://sqlite.org/quirks.html)
    return None if isinstance(value, float) and value - value != 0 else value


def frame_of(names: list[str], rows: list[tuple[Any, ...]]) -> Any:
    """Rows as a DataFrame: whole columns of integers int64 (Int64 with NULLs), blobs as bytes."""
    try:
        import pandas as pd
    except ImportError:
        raise TaskFailed("A DataFrame needs pandas.", hint=how_to_install("pandas"), permanent=True) from None

    def series(values: Sequence[Any]) -> Any:
        kinds = {type(value) for value in values}
        return pd.Series(values, dtype="Int64" if kinds == {int, type(None)} else None)

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pd.DataFrame({name: series(values) for name, values in zip(names, columns, strict=True)}, columns=names)


def affinity(values: Iterable[Any]) -> str:
    """The column type that fits the values, as SQLite names it: INTEGER, REAL, BLOB or TEXT."""
    kinds = {type(value_in(value)) for value in values} - {type(None)}
    if kinds == {int}:
        return "INTEGER"
    if kinds and kinds <= {int, float}:
        return "REAL"
    return "BLOB" if kinds == {bytes} else "TEXT"
