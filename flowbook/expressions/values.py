"""What a plain value is, and how it is gone through, copied and handed on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowbook.errors import ExpressionError, ExpressionLimitError
from flowbook.expressions.limits import ELSEWHERE, MAX_DEPTH, MAX_KEY_BITS, Meter
from flowbook.expressions.views import SCALARS, VIEWS, ListView, MapView, SeriesView, SetView, TableView, plain


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
        for item in value:
            meter.spend()
            yield plain(item)
        return
    if not (isinstance(value, (str, ListView)) or is_map(value)):
        raise ExpressionError(f"it goes through {describe(value)}, which is not a list.")
    if type(value) is SetView:
        value.pay_pick(meter)
    cost = value.cost() if isinstance(value, ListView) else 1
    for item in value:
        meter.spend(cost)
        yield item


def copied(value: Any, meter: Meter, depth: int = 0) -> Any:
    """A deep plain copy, paid for before it is made: what receives it cannot change where it came from."""
    if type(value) in SCALARS:
        return value
    value = plain(value)
    if type(value) in SCALARS:
        return value
    if depth >= MAX_DEPTH:
        raise ExpressionLimitError(f"its data is nested more than {MAX_DEPTH} levels deep.", hint=ELSEWHERE)
    size = len(value)
    if is_map(value):
        meter.spend(1 + 2 * size)
        meter.hold(64 + 100 * size)
        pay_keys(value, meter)
        return {_key(key): copied(value[key], meter, depth + 1) for key in value}
    meter.spend(1 + size * (value.cost() if isinstance(value, ListView) else 1))
    meter.hold(56 + 8 * size)
    return [copied(item, meter, depth + 1) for item in value]


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
    if type(value) in VIEWS or (type(value) is dict and any(type(cell) in VIEWS for cell in value.values())):
        return copied(value, Meter())
    return value


def _key(key: Any) -> Any:
    return key if type(key) in SCALARS else str(plain(key))
