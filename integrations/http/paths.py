"""Finds a value inside an answer by a path such as ``data.items`` or ``results.0.id``."""

from __future__ import annotations

from typing import Any

from flowbook import TaskFailed


def find(value: Any, path: str) -> Any:
    """The value at ``path``; an empty path is the whole. TaskFailed names what is missing, and what is there."""
    for part in path.split(".") if path else ():
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise TaskFailed(f"The answer has no {part!r} (of {path!r}).", hint=_there_is(value))
    return value


def find_or_none(value: Any, path: str) -> Any:
    """The value at ``path``, None when there is none."""
    try:
        return find(value, path)
    except TaskFailed:
        return None


def _there_is(value: Any) -> str:
    if isinstance(value, dict):
        return f"There is: {', '.join(map(str, list(value)[:15])) or 'nothing'}."
    return f"There is a list of {len(value)}." if isinstance(value, list) else f"There is a {type(value).__name__}."
