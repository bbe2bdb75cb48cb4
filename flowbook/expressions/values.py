"""What a plain value is, and how it is gone through, copied and handed on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flowbook.errors import ExpressionError, ExpressionLimitError
from flowbook.expressions.limits import CONVERTED, ELSEWHERE, MAX_DEPTH, MAX_KEY_BITS, Meter
from flowbook.expressions.views import PLAIN, SCALARS, VIEWS, ListView, MapView, SeriesView, SetView, TableView, plain


def is_list(value: Any) -> bool:
    """Whether a plain value is a list."""
    return type(value) is list or isinstance(value, ListView)


def is_map(value: Any) -> bool:
    """Whether a plain value is a mapping."""
    return type(value) is dict or isinstance(value, MapView)


def is_number(value: Any) -> bool:
    """Whether a plain value is a number; true and false count as 1 and 0."""
    return isinstance(value, (int, float))


def describe(value: Any) -> str:
    """What a plain value is, in words and without showing it."""
    if value is None:
        return "empty (None)"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if is_number(value):
        return "a number"
    if is_list(value):
        return f"a list of {len(value)}"
    return f"a mapping of {len(value)}" if is_map(value) else f"a {type(value).__name__}"


def touched(value: Any, meter: Meter) -> Iterator[Any]:
    """The plain items of a list (the keys of a mapping, the characters of a text), each paid for."""
    if type(value) is list:
        yield from _converted(value, meter)
        return
    if not (isinstance(value, (str, ListView)) or is_map(value)):
        raise ExpressionError(f"it goes through {describe(value)}, which is not a list.")
    if type(value) is SetView:
        value.pay_pick(meter)
    each = value.as_they_are() if isinstance(value, ListView) else None
    if each is not None:
        yield from _converted(each, meter)
        return
    cost = value.cost() if isinstance(value, ListView) else 1
    for item in value:
        meter.spend(cost)
        yield item


def _converted(items: Iterable[Any], meter: Meter) -> Iterator[Any]:
    """Each item as plain data, paid for by whether it is that already."""
    for item in items:
        meter.spend(1 if type(item) in PLAIN else CONVERTED)
        yield plain(item)


def copied(value: Any, meter: Meter, depth: int = 0) -> Any:
    """A deep plain copy, paid for before it is made: what receives it cannot change where it came from."""
    if type(value) in SCALARS:
        return value
    if type(value) not in PLAIN:
        meter.spend(CONVERTED)
        value = plain(value)
        if type(value) in SCALARS:
            return value
    if depth >= MAX_DEPTH:
        raise ExpressionLimitError(f"its data is nested more than {MAX_DEPTH} levels deep.", hint=ELSEWHERE)
    size = len(value)
    if is_map(value):
        meter.spend(1 + size * (2 if type(value) is dict else CONVERTED))
        meter.hold(64 + 100 * size)
        pay_keys(value, meter)
        return {_key(key): copied(value[key], meter, depth + 1) for key in value}
    meter.spend(1 + size * (value.cost() if isinstance(value, ListView) else 1))
    meter.hold(56 + 8 * size)
    each = value.as_they_are() if isinstance(value, ListView) else None
    return [copied(item, meter, depth + 1) for item in (value if each is None else each)]


def pay_keys(mapping: Any, meter: Meter) -> None:
    """Pay for putting the keys of a mapping into another: huge numbers may all have one hash, by intent."""
    huge = sum(1 for key in mapping if type(key) is int and key.bit_length() > MAX_KEY_BITS)
    meter.spend(huge * huge)


def handed_on(value: Any) -> Any:
    """What is handed on of something that was found by way of a view: no view, nor a row that holds some.

    A table that was inside of something else is itself, as one that a node gave; all else is a plain copy.
    """
    if type(value) in (TableView, SeriesView):
        return value.given()
    if type(value) in VIEWS or (type(value) in (dict, list) and _holds_view(value, MAX_DEPTH)):
        return _without_views(value, MAX_DEPTH)
    return value


def _holds_view(value: Any, depth: int) -> bool:
    """Whether a view is in it, or what only numpy has: cells of a table hold such things in dicts and lists."""
    if type(value) in (dict, list):
        inner = value.values() if type(value) is dict else value
        return depth > 0 and any(_holds_view(each, depth - 1) for each in inner if type(each) not in SCALARS)
    return type(value) in VIEWS or type(value).__module__.partition(".")[0] == "numpy"


def _without_views(value: Any, depth: int) -> Any:
    if depth and type(value) is dict:
        return {key: _without_views(each, depth - 1) for key, each in value.items()}
    if depth and type(value) is list:
        return [_without_views(each, depth - 1) for each in value]
    return copied(value, Meter()) if _holds_view(value, depth) else value


def _key(key: Any) -> Any:
    return key if type(key) in SCALARS else str(plain(key))
