"""Writing rows in the text format of COPY, https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowbook import TaskFailed

from .values import dumps, plain

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_line(values: Sequence[Any], kinds: Sequence[str]) -> str:
    """One row as a line; ``kinds`` says of each column whether it is "json", "array" or "plain"."""
    return "\t".join(map(_field, values, kinds)) + "\n"


def _field(value: Any, kind: str) -> str:
    value = plain(value)
    if value is None:
        return "\\N"
    if isinstance(value, Mapping) or (kind == "json" and not isinstance(value, str)):
        text = dumps(value)
    elif isinstance(value, (list, tuple)):
        text = _array(value) if kind == "array" else dumps(value)
    else:
        text = _text(value)
    if "\x00" in text:
        raise TaskFailed("A text holds a NUL character, which PostgreSQL cannot store.", hint="Remove it first.")
    return text.translate(_ESCAPES)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    return str(value)


def _array(values: Sequence[Any]) -> str:
    """A list as an array's text, https://www.postgresql.org/docs/current/arrays.html#ARRAYS-INPUT."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    value = plain(value)
    if value is None:
        return "NULL"
    if isinstance(value, (list, tuple)):
        return _array(value)
    text = dumps(value) if isinstance(value, Mapping) else _text(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
