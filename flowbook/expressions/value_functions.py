"""The functions of the language that ask what a value is, or make one kind of it another."""

from __future__ import annotations

import decimal
import math
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions.limits import Meter, check_float, check_int, too_large
from flowbook.expressions.lookup import Missing
from flowbook.expressions.registry import define, need, need_list, need_whole
from flowbook.expressions.values import is_list, is_map, is_number, pay_keys, touched

_LONGEST_NUMBER = 1_300


@define(
    "number(value)",
    'The number that a text stands for, whole when it is one, "" is 0; true is 1; default() catches a text that '
    "is none.",
    'number(" 2.50 ")',
    "2.5",
)
def _number(meter: Meter, value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return int(bool(value))
    if is_number(value):
        return _whole(value)
    need(isinstance(value, str), "number", "text or a number", value)
    meter.spend(10)
    if len(value) > _LONGEST_NUMBER:
        raise too_large()
    text = value.strip()
    if not text:
        return 0
    try:
        return check_int(int(text)) if text.lstrip("+-").isdecimal() and "_" not in text else _decimal(text)
    except ValueError:
        raise Missing("empty", f"number() was given text that is no number: {text[:40]!r}.") from None


def _decimal(text: str) -> Any:
    found = float(text) if "_" not in text else math.nan
    if not math.isfinite(found):
        raise ValueError
    return _whole(found)


def _whole(number: Any) -> Any:
    """A whole number as one: 5.0 is 5."""
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 else number


@define("fixed(number, digits=0)", "A number as text with so many decimals, rounded.", "fixed(2.5, 2)", '"2.50"')
def _fixed(meter: Meter, number: Any, digits: Any = 0) -> str:
    need(is_number(number), "fixed", "a number", number)
    need_whole("fixed", digits)
    if not 0 <= digits <= 100:
        raise ExpressionError("fixed() takes 0 to 100 decimals.")
    if isinstance(number, int):
        check_int(number)
    meter.spend(40)
    meter.text(1_400 + digits, ascii_only=True)
    if isinstance(number, float):
        check_float(number)
    with decimal.localcontext() as context:
        context.prec = 1_500
        exact = decimal.Decimal(number)
        return str(exact.quantize(decimal.Decimal(1).scaleb(-digits), rounding=decimal.ROUND_HALF_UP))


@define(
    "empty(value)",
    "Whether there is nothing: null, or a text, list or mapping without anything in it.",
    "empty([])",
    "true",
)
def _empty(meter: Meter, value: Any) -> bool:
    return value is None or ((isinstance(value, str) or is_list(value) or is_map(value)) and not len(value))


@define(
    "type(value)",
    'What a value is: "null", "boolean", "number", "text", "list" or "mapping".',
    "type([1])",
    '"list"',
)
def _type(meter: Meter, value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "text"
    if is_list(value):
        return "list"
    need(is_map(value), "type", "plain data", value)
    return "mapping"


@define(
    "merge(mappings, …)",
    "Mappings in one; of a key that several have, the last one's value. null counts as empty.",
    'merge({"a": 1, "b": 2}, {"b": 3})',
    '{"a": 1, "b": 3}',
)
def _merge(meter: Meter, *mappings: Any) -> dict[Any, Any]:
    merged: dict[Any, Any] = {}
    for mapping in mappings:
        if mapping is None:
            continue
        need(is_map(mapping), "merge", "mappings", mapping)
        meter.spend(4 * len(mapping))
        meter.hold(64 + 100 * len(mapping))
        pay_keys(mapping, meter)
        merged |= mapping
    return merged


@define(
    "enumerate(list, start=0)",
    "The items, each with its position before it: for place, x in enumerate(list).",
    'enumerate(["a", "b"])',
    '[[0, "a"], [1, "b"]]',
)
def _enumerate(meter: Meter, items: Any, start: Any = 0) -> list[list[Any]]:
    need_list("enumerate", items)
    need_whole("enumerate", start)
    check_int(start)
    meter.items(len(items))
    meter.hold(72 * len(items))
    return [[place, item] for place, item in enumerate(touched(items, meter), start)]


@define(
    "find(value, part)",
    "The position of the first place where a part stands in text, or an item in a list; -1 when it does not.",
    'find("a,b", ",")',
    "1",
)
def _find(meter: Meter, value: Any, part: Any) -> int:
    if isinstance(value, str):
        need(isinstance(part, str), "find", "text to find in text", part)
        meter.search(len(value), len(part))
        return value.find(part)
    need(is_list(value), "find", "text or a list", value)
    need(not (is_list(part) or is_map(part)), "find", "a plain item to find", part)
    for place, item in enumerate(touched(value, meter)):
        meter.spend(4)
        if isinstance(item, str) and isinstance(part, str):
            meter.spend(min(len(item), len(part)) >> 8)
        if not (is_list(item) or is_map(item)) and item == part and isinstance(item, bool) == isinstance(part, bool):
            return place
    return -1
