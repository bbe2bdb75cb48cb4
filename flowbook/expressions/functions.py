"""The named functions of the language: pure, bounded, over plain values.

:data:`FUNCTIONS` describes each; the reference documentation and the studio's helper are made from it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flowbook.errors import ExpressionError, ExpressionLimitError
from flowbook.expressions import dates, moments, patterns, searching, text_functions, value_functions
from flowbook.expressions.limits import (
    CONVERTED,
    ELSEWHERE,
    MAX_ITEMS,
    MAX_KEY_BITS,
    Meter,
    check_int,
    digits_cost,
    too_large,
)
from flowbook.expressions.lookup import Missing, taken
from flowbook.expressions.operators import BINARY, check_comparable
from flowbook.expressions.registry import CALLS, Function, FunctionDoc, define, need, need_list, need_whole
from flowbook.expressions.text import as_json, as_text
from flowbook.expressions.values import is_list, is_map, is_number, touched
from flowbook.expressions.views import ListView, plain

__all__ = [
    "CALLS", "FUNCTIONS", "Function", "FunctionDoc", "moments", "patterns", "searching", "text_functions",
    "value_functions",
]  # fmt: skip


@define("len(value)", "How many items, keys or characters there are.", "len([4, 5, 6])", "3")
def _len(meter: Meter, value: Any) -> int:
    need(isinstance(value, str) or is_list(value) or is_map(value), "len", "a list, a mapping or text", value)
    return len(value)


@define("str(value)", "The value as it is filled into text.", "str(1.5)", '"1.5"')
def _str(meter: Meter, value: Any) -> str:
    return as_text(value, meter)


@define("int(value)", "A whole number, of text or of a number (cut, not rounded).", 'int("42")', "42")
def _int(meter: Meter, value: Any) -> int:
    need(is_number(value) or isinstance(value, str), "int", "a number or text", value)
    try:
        if isinstance(value, str):
            meter.spend(10)
            if len(value) > 1_300:
                raise too_large()
            return check_int(int(value))
        return check_int(int(value))
    except (ValueError, OverflowError):
        raise ExpressionError("int() was given something that is not a whole number.") from None


@define("float(value)", "A number with decimals, of text or of a number.", 'float("2.5")', "2.5")
def _float(meter: Meter, value: Any) -> float:
    need(is_number(value) or isinstance(value, str), "float", "a number or text", value)
    try:
        found = float(value) if is_number(value) or len(value) <= 1_300 else math.nan
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ExpressionError("float() was given something that is not a finite number.")
    return found


@define(
    "bool(value)",
    'Whether a value is true; empty, 0 and the texts "false", "no", "off" and "0" are false.',
    'bool("no")',
    "false",
)
def _bool(meter: Meter, value: Any) -> bool:
    if isinstance(value, str):
        return value[:20].strip().lower() not in ("", "false", "no", "off", "0")
    return bool(value)


@define(
    "round(number, digits=0)",
    "A number rounded; to a whole one when no digits are asked for.",
    "round(2.71828, 2)",
    "2.72",
)
def _round(meter: Meter, number: Any, digits: Any = 0) -> Any:
    need(is_number(number), "round", "a number", number)
    need_whole("round", digits)
    if not -300 <= digits <= 300:
        raise ExpressionError("round() takes at most 300 digits.")
    try:
        check_int(number if isinstance(number, int) else 0)
        return round(number, digits) if digits else round(number)
    except (ValueError, OverflowError):
        raise ExpressionError("round() was given a number that is not finite.") from None


@define("abs(number)", "A number without its sign.", "abs(-3)", "3")
def _abs(meter: Meter, number: Any) -> Any:
    need(is_number(number), "abs", "a number", number)
    return abs(check_int(number) if isinstance(number, int) else number)


def _several(name: str, values: tuple[Any, ...], meter: Meter) -> list[Any]:
    if len(values) == 1:
        need_list(name, values[0])
        values = tuple(touched(values[0], meter))
    if not values:
        raise Missing("empty", f"{name}() was given an empty list.")
    for value in values:
        check_comparable(values[0], value, meter)
        meter.spend(1 + (len(value) >> 6) if isinstance(value, str) else 1)
    return list(values)


@define("min(values, …)", "The smallest of a list, or of what is given.", "min([3, 1, 2])", "1")
def _min(meter: Meter, *values: Any) -> Any:
    return min(_several("min", values, meter))


@define("max(values, …)", "The largest of a list, or of what is given.", "max(3, 1, 2)", "3")
def _max(meter: Meter, *values: Any) -> Any:
    return max(_several("max", values, meter))


@define("sum(numbers)", "The numbers of a list added up.", "sum([1, 2, 3])", "6")
def _sum(meter: Meter, numbers: Any) -> Any:
    need_list("sum", numbers)
    total: Any = 0
    for number in touched(numbers, meter):
        need(is_number(number), "sum", "numbers only", number)
        meter.spend(4)
        total = BINARY[ast.Add](total, number, meter)
    return total


@define(
    "sorted(list, by=None, reverse=False)",
    "The items in order: all numbers or all text, or mappings by one of their keys.",
    'sorted([{"n": 2}, {"n": 1}], by="n")',
    '[{"n": 1}, {"n": 2}]',
)
def _sorted(meter: Meter, items: Any, by: Any = None, reverse: Any = False) -> list[Any]:
    need_list("sorted", items)
    given = list(touched(items, meter))
    keys = given if by is None else [plain(taken(item, by, "an item of sorted()", meter)) for item in given]
    length = 0
    for key in keys:
        check_comparable(keys[0], key, meter)
        length += len(key) if isinstance(key, str) else 0
    meter.items(len(given))
    meter.spend(len(given) * len(given).bit_length() // 4 + (length >> 5))
    order = sorted(range(len(given)), key=keys.__getitem__, reverse=bool(reverse))
    return [given[place] for place in order]


@define("reversed(value)", "A list, or text, back to front.", "reversed([1, 2, 3])", "[3, 2, 1]")
def _reversed(meter: Meter, value: Any) -> Any:
    if isinstance(value, str):
        meter.text(len(value), ascii_only=value.isascii())
        return value[::-1]
    need_list("reversed", value)
    meter.items(len(value))
    return list(touched(value, meter))[::-1]


@define("unique(list)", "The items without repetitions, in the order they came.", "unique([1, 2, 1])", "[1, 2]")
def _unique(meter: Meter, items: Any) -> list[Any]:
    need_list("unique", items)
    seen: set[Any] = set()
    kept: list[Any] = []
    for item in touched(items, meter):
        key = _distinct(item, meter)
        meter.spend(3)
        if key not in seen:
            seen.add(key)
            kept.append(item)
            meter.hold(100)
    return kept


def _distinct(item: Any, meter: Meter) -> Any:
    """What is equal for equal items, and has a hash that nobody can choose."""
    if is_list(item) or is_map(item):
        return "json", as_json(item, meter, sort=True)
    if isinstance(item, str):
        meter.spend(len(item) >> 8)
    elif isinstance(item, int) and item.bit_length() > MAX_KEY_BITS:
        meter.spend(10 + digits_cost(check_int(item)))
        return "number", str(item)
    return item


@define("first(list)", "The first item; default() catches an empty list.", "first([4, 5, 6])", "4")
def _first(meter: Meter, items: Any) -> Any:
    return _end("first", items, 0, meter)


@define("last(list)", "The last item; default() catches an empty list.", "last([4, 5, 6])", "6")
def _last(meter: Meter, items: Any) -> Any:
    return _end("last", items, -1, meter)


def _end(name: str, items: Any, place: int, meter: Meter) -> Any:
    need(is_list(items) or isinstance(items, str), name, "a list", items)
    if not len(items):
        raise Missing("empty", f"{name}() was given an empty list.")
    return plain(taken(items, place, name, meter))


@define("flatten(list)", "A list of lists as one list, one level down.", "flatten([[1, 2], [3]])", "[1, 2, 3]")
def _flatten(meter: Meter, items: Any) -> list[Any]:
    need_list("flatten", items)
    flat: list[Any] = []
    for item in touched(items, meter):
        flat.extend(touched(item, meter) if is_list(item) else (item,))
    meter.items(len(flat))
    return flat


@define("keys(mapping)", "The keys of a mapping.", 'keys({"a": 1})', '["a"]')
def _keys(meter: Meter, mapping: Any) -> list[Any]:
    need(is_map(mapping), "keys", "a mapping", mapping)
    meter.items(len(mapping))
    return list(mapping)


@define("values(mapping)", "The values of a mapping.", 'values({"a": 1})', "[1]")
def _values(meter: Meter, mapping: Any) -> list[Any]:
    need(is_map(mapping), "values", "a mapping", mapping)
    meter.items(len(mapping))
    if type(mapping) is not dict:
        meter.spend(CONVERTED * len(mapping))
        return [mapping[key] for key in mapping]
    return list(touched(list(mapping.values()), meter))


def _default(meter: Meter, value: Any, fallback: Any) -> Any:
    raise AssertionError("default() is compiled on its own, since it must not evaluate what it may not need")


define(
    "default(value, fallback)",
    "The value, or the fallback where a key, an item or a node's data is missing.",
    "default(inputs.not_there, 0)",
    "0",
)(_default)


define("now(zone=None)", "The time now, as ISO text; here, or in a zone.", 'now("UTC")')(dates.now)
define("today(zone=None)", "Today's date, as ISO text; here, or in a zone.", "today()")(dates.today)
define(
    "date(value, days=0, hours=0, minutes=0, zone=None, seconds=0, months=0, years=0)",
    "A date or time as ISO text, of ISO text or of seconds since 1970, moved by what is given; in a zone, as its "
    "clocks show it, and moved by its days.",
    'date("2026-03-28T12:00:00Z", days=1, zone="Europe/Berlin")',
    '"2026-03-29T13:00:00+02:00"',
)(dates.date)
define(
    "timestamp(value, zone=None)",
    "The seconds since 1970 of a moment, to compare and subtract moments by; one without an offset is in the zone.",
    'timestamp("2026-02-28T12:00:00+01:00")',
    "1772276400",
)(dates.timestamp)
define(
    "format_date(value, format, zone=None)",
    "A date or time, as the clocks of a zone show it, written as a format says: "
    "%Y %m %d %H %M %S %y %b %B %a %A %j %I %p %z %f %u %V; %-d is without a leading 0.",
    'format_date("2026-02-28", "%d.%m.%Y")',
    '"28.02.2026"',
)(dates.format_date)


@define(
    "range(start, stop=None, step=1)",
    "The whole numbers from 0, or start, up to but without stop.",
    "range(3)",
    "[0, 1, 2]",
)
def _range(meter: Meter, start: Any, stop: Any = None, step: Any = 1) -> ListView:
    for value in (start, step, 0 if stop is None else stop):
        need_whole("range", value)
        check_int(value)
    if step == 0:
        raise ExpressionError("range() cannot go in steps of 0.")
    numbers = range(start) if stop is None else range(start, stop, step)
    if numbers[MAX_ITEMS:]:
        raise ExpressionLimitError(f"range() makes at most {MAX_ITEMS:,} numbers.", hint=ELSEWHERE)
    return ListView(numbers)


FUNCTIONS: Mapping[str, FunctionDoc] = MappingProxyType({name: made.doc for name, made in sorted(CALLS.items())})
"""Every function, by name."""
