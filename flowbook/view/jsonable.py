"""Data as plain JSON, for documents that leave the process."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from flowbook import expressions
from flowbook.errors import FlowbookError
from flowbook.journal.glance import glance
from flowbook.json_text import parse_json

_BYTES = (bytes, bytearray, memoryview)


def jsonable(data: Any, redact_json: Callable[[Any], Any]) -> Any:
    """``data`` as plain JSON without secrets; a table becomes its rows, bytes base64, what JSON cannot hold its repr.

    A number that is none ("NaN", "Infinity") becomes that word, and a key that is no text its text.
    """
    try:
        return redact_json(parse_json(_text(data), parse_constant=str))
    except Exception:  # noqa: BLE001 - it has no form as JSON, or whatever an object does when it is looked at
        return glance(data, redact_json)[:10_000]


def _text(data: Any) -> str:
    try:
        return json.dumps(data, default=_converted)
    except TypeError:  # of keys, which nobody is asked about
        return json.dumps(_keyed(data), default=lambda value: _keyed(_converted(value)))


def _keyed(data: Any) -> Any:
    """Data in which every key of a dict is text."""
    if isinstance(data, dict):
        return {_key(key): _keyed(inner) for key, inner in data.items()}
    return [_keyed(inner) for inner in data] if isinstance(data, (list, tuple)) else data


def _key(key: Any) -> Any:
    return key if isinstance(key, (str, int, float, type(None))) else str(key)


def _converted(value: Any) -> Any:
    """One step towards JSON: a value, or a list or dict of what is still to be converted."""
    if isinstance(value, _BYTES):
        return base64.b64encode(value).decode("ascii")
    try:
        view = _whole(expressions.plain(value))
    except (FlowbookError, TypeError):
        parts = _parts(value)  # something in it has no plain form
        return glance(value) if parts is None else parts
    return view if isinstance(view, (str, int, float, bool, list, dict, type(None))) else glance(value)


def _whole(view: Any) -> Any:
    """All of a view, which is made only of what is touched."""
    if isinstance(view, _BYTES):
        return _converted(view)
    if isinstance(view, Mapping):
        return {_key(key): _whole(inner) for key, inner in view.items()}
    return list(map(_whole, view)) if isinstance(view, Sequence) and not isinstance(view, str) else view


def _parts(value: Any) -> Any:
    """What a container holds, as it is, for each to be converted by itself; None for what is no container."""
    if hasattr(value, "columns") and hasattr(value, "itertuples"):
        names = [str(name) for name in value.columns]
        rows = value.astype(object).where(value.notna(), None).itertuples(index=False, name=None)
        return [dict(zip(names, row, strict=True)) for row in rows]
    if isinstance(value, Mapping):
        return {str(key): inner for key, inner in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if hasattr(value, "tolist") and hasattr(value, "shape"):
        return value.tolist()
    if isinstance(value, (Sequence, Set, deque)) and not isinstance(value, str):
        return list(value)
    return None
