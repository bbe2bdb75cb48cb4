"""Fields of objects by their path: ``address.city``, ``tags.0``; and what makes values equal, or puts them in order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flowbook import named


def field(item: Any, path: str) -> Any:
    """What is at a path in an object, or in one inside of it; None where there is nothing. A key with a dot wins."""
    if isinstance(item, Mapping) and path in item:
        return item[path]
    return named.at(item, path)


def with_field(item: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The object with a value at a path; objects on the way are made, and nothing that was given is changed."""
    key, _, rest = path.partition(".")
    inner = item.get(key)
    below = with_field(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value
    return {**item, key: below}


def without_field(item: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The object without what is at a path; nothing that was given is changed."""
    key, _, rest = path.partition(".")
    if not rest or path in item:
        return {name: value for name, value in item.items() if name != (path if path in item else key)}
    inner = item.get(key)
    return {**item, key: without_field(inner, rest)} if isinstance(inner, Mapping) else dict(item)


def sameness(value: Any) -> str:
    """A text that is equal for equal values: 1 and 1.0 are, 1 and "1" are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)


def key_of(item: Any, fields: Sequence[str]) -> tuple[str, ...]:
    """What two items have in common when all these fields of them are equal."""
    return tuple(sameness(field(item, one)) for one in fields)


def rank(value: Any) -> tuple[int, Any]:
    """What puts values of any kind in order: numbers, then texts (whatever their case), then the rest, nothing last."""
    if value is None:
        return 9, 0
    if isinstance(value, (int, float)):
        return 0, value
    return (1, value.lower()) if isinstance(value, str) else (2, sameness(value))
