"""Writing rows in the text format of COPY, https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowbook import TaskFailed, tables

from .values import dumps, plain

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_line(values: Sequence[Any], kinds: Sequence[str]) -> str:
    """One row as a line; ``kinds`` says what each column is, as :func:`~.schema.writable_columns` does.

    Raises BadCell for the first value that cannot be written.
    """
    try:
        return "\t".join(map(_field, values, kinds)) + "\n"
    except TaskFailed:
        return "\t".join(_named_field(*cell) for cell in enumerate(zip(values, kinds, strict=True))) + "\n"


class BadCell(TaskFailed):
    """A value that cannot be written; ``column`` is its position in the row."""

    def __init__(self, column: int, error: TaskFailed) -> None:
        super().__init__(error.message, error.data, error.hint, permanent=True)
        self.column = column


def _named_field(column: int, cell: tuple[Any, str]) -> str:
    try:
        return _field(*cell)
    except TaskFailed as error:
        raise BadCell(column, error) from None


def _field(value: Any, kind: str) -> str:
    value = plain(value)
    if value is None:
        return "\\N"
    if isinstance(value, Mapping) and kind in ("array", "integers"):
        raise TaskFailed("an object was given, and the column wants an array.", hint="Give a list.", permanent=True)
    if isinstance(value, Mapping) or (kind == "json" and not isinstance(value, str)):
        text = dumps(value)
    elif isinstance(value, (list, tuple)):
        text = dumps(value) if kind == "plain" else array(value, whole=kind == "integers")
    else:
        text = _text(value, whole=kind == "integer")
    if "\x00" in text:
        raise TaskFailed(
            "a text holds a NUL character, which PostgreSQL cannot store.", hint="Remove it first.", permanent=True
        )
    return text.translate(_ESCAPES)


def _text(value: Any, *, whole: bool) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    return str(tables.whole(value) if whole else value)


def array(values: Sequence[Any], *, whole: bool = False) -> str:
    """A list as an array's text, https://www.postgresql.org/docs/current/arrays.html#ARRAYS-INPUT."""
    return "{" + ",".join(_element(value, whole=whole) for value in values) + "}"


def _element(value: Any, *, whole: bool) -> str:
    value = plain(value)
    if value is None:
        return "NULL"
    if isinstance(value, (list, tuple)):
        return array(value, whole=whole)
    text = dumps(value) if isinstance(value, Mapping) else _text(value, whole=whole)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
