"""Values as they travel: texts and bytes as they are, numbers as text, what else JSON holds as JSON."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from flowbook import TaskFailed, tables
from flowbook.json_text import parse_json

_BYTES = (bytes, bytearray, memoryview)


def plain(value: Any) -> Any:
    """A value of numpy's or pandas' as Python's."""
    return tables.scalar(value)


def sent(value: Any) -> bytes | str:
    """A value as the server keeps it. TaskFailed for what JSON cannot hold."""
    value = plain(value)
    if isinstance(value, _BYTES):
        return bytes(value)
    if isinstance(value, str):
        return tables.well_formed(value)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return repr(value) if isinstance(value, float) and math.isfinite(value) else str(value)
    if tables.is_frame(value):
        value = list(tables.rows(value))
    try:
        return json.dumps(value, ensure_ascii=False, default=_text_of)
    except (TypeError, ValueError, RecursionError):
        hint = "Give a text, a number, bytes, or what JSON holds."
        raise TaskFailed(f"A value of type {type(value).__name__} cannot be kept.", hint=hint, permanent=True) from None


def _text_of(value: Any) -> Any:
    value = plain(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (str, int, float, list, type(None))):
        return value
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError


def got(answer: Any, as_: str) -> Any:
    """A value, or a list of values, in the form that is wanted: text, json or bytes. TaskFailed for what is no JSON."""
    if isinstance(answer, list):
        return [got(one, as_) for one in answer]
    if isinstance(answer, Exception):
        return {"error": str(answer)}
    if not isinstance(answer, bytes) or as_ == "bytes":
        return answer
    if as_ == "text":
        return text(answer)
    try:
        return parse_json(answer)
    except ValueError:
        hint = "Read it as: text."
        raise TaskFailed("What the key holds is no JSON.", hint=hint, permanent=True) from None


def text(answer: bytes) -> str | bytes:
    """Bytes as text where they are UTF-8."""
    try:
        return answer.decode()
    except UnicodeDecodeError:
        return answer


def name(answer: bytes) -> str:
    """A key or a field as text, whatever its bytes are."""
    return answer.decode("utf-8", "backslashreplace")


def paired(answer: list[Any], as_: str) -> dict[str, Any]:
    """An answer of names and values in turn."""
    return {name(field): got(value, as_) for field, value in zip(answer[::2], answer[1::2], strict=True)}


def shown(word: Any) -> str:
    """A part of a command as people read it."""
    return name(bytes(word)) if isinstance(word, _BYTES) else str(word)
