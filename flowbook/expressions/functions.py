"""The named functions of the language: pure, bounded, over plain values.

:data:`FUNCTIONS` describes each; the reference documentation and the studio's helper are made from it.
"""

from __future__ import annotations

import ast
import base64 as _base64
import binascii
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from flowbook.errors import ExpressionError, ExpressionLimitError
from flowbook.expressions import dates
from flowbook.expressions.limits import ELSEWHERE, MAX_ITEMS, Meter, check_int, too_large
from flowbook.expressions.lookup import Missing, pick
from flowbook.expressions.operators import BINARY, check_comparable
from flowbook.expressions.text import as_json, as_text, from_json
from flowbook.expressions.views import ListView, describe, is_list, is_map, is_number, plain, touched


@dataclass(frozen=True)
class FunctionDoc:
    """What people read about one function. ``gives`` is the example's value as JSON; empty when the time decides."""

    name: str
    signature: str
    description: str
    example: str
    gives: str = ""


@dataclass(frozen=True)
class Function:
    """A function and how it may be called: ``parameters`` by name, the first ``required`` of them always."""

    doc: FunctionDoc
    call: Callable[..., Any]
    parameters: tuple[str, ...]
    required: int
    variadic: bool = False


CALLS: dict[str, Function] = {}


def _define(signature: str, description: str, example: str, gives: str = "") -> Callable[[Any], Any]:
    name, _, inside = signature.rstrip(")").partition("(")
    parts = [part.strip() for part in inside.split(",") if part.strip()]
    names = tuple(part.partition("=")[0] for part in parts if part != "…")
    required = sum("=" not in part for part in parts if part != "…")

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        CALLS[name] = Function(
            FunctionDoc(name, signature, description, example, gives), call, names, required, "…" in parts
        )
        return call

    return register


def _need(good: bool, name: str, wanted: str, value: Any) -> None:
    if not good:
        raise ExpressionError(f"{name}() needs {wanted}, not {describe(value)}.")


def _text(name: str, *values: Any) -> None:
    for value in values:
        _need(isinstance(value, str), name, "text", value)


def _list(name: str, value: Any) -> None:
    _need(is_list(value), name, "a list", value)


def _whole(name: str, value: Any) -> None:
    _need(isinstance(value, int), name, "a whole number", value)


@_define("len(value)", "How many items, keys or characters there are.", "len([4, 5, 6])", "3")
def _len(meter: Meter, value: Any) -> int:
    _need(isinstance(value, str) or is_list(value) or is_map(value), "len", "a list, a mapping or text", value)
    return len(value)


@_define("str(value)", "The value as it is filled into text.", "str(1.5)", '"1.5"')
def _str(meter: Meter, value: Any) -> str:
    return as_text(value, meter)


@_define("int(value)", "A whole number, of text or of a number (cut, not rounded).", 'int("42")', "42")
def _int(meter: Meter, value: Any) -> int:
    _need(is_number(value) or isinstance(value, str), "int", "a number or text", value)
    try:
        if isinstance(value, str):
            meter.spend(10)
            if len(value) > 1_300:
                raise too_large()
            return check_int(int(value))
        return check_int(int(value))
    except (ValueError, OverflowError):
        raise ExpressionError("int() was given something that is not a whole number.") from None


@_define("float(value)", "A number with decimals, of text or of a number.", 'float("2.5")', "2.5")
def _float(meter: Meter, value: Any) -> float:
    _need(is_number(value) or isinstance(value, str), "float", "a number or text", value)
    try:
        found = float(value[:1_300]) if isinstance(value, str) else float(value)
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ExpressionError("float() was given something that is not a finite number.")
    return found


@_define(
    "bool(value)",
    'Whether a value is true; empty, 0 and the texts "false", "no", "off" and "0" are false.',
    'bool("no")',
    "false",
)
def _bool(meter: Meter, value: Any) -> bool:
    if isinstance(value, str):
        return value[:20].strip().lower() not in ("", "false", "no", "off", "0")
    return bool(value)


@_define(
    "round(number, digits=0)",
    "A number rounded; to a whole one when no digits are asked for.",
    "round(2.71828, 2)",
    "2.72",
)
def _round(meter: Meter, number: Any, digits: Any = 0) -> Any:
    _need(is_number(number), "round", "a number", number)
    _whole("round", digits)
    if not -300 <= digits <= 300:
        raise ExpressionError("round() takes at most 300 digits.")
    try:
        return round(number, digits) if digits else round(number)
    except (ValueError, OverflowError):
        raise ExpressionError("round() was given a number that is not finite.") from None


@_define("abs(number)", "A number without its sign.", "abs(-3)", "3")
def _abs(meter: Meter, number: Any) -> Any:
    _need(is_number(number), "abs", "a number", number)
    return abs(number)


def _several(name: str, values: tuple[Any, ...], meter: Meter) -> list[Any]:
    if len(values) == 1:
        _list(name, values[0])
        values = tuple(touched(values[0], meter))
    if not values:
        raise Missing("empty", f"{name}() was given an empty list")
    for value in values:
        check_comparable(values[0], value)
        meter.spend(1 + (len(value) >> 6) if isinstance(value, str) else 1)
    return list(values)


@_define("min(values, …)", "The smallest of a list, or of what is given.", "min([3, 1, 2])", "1")
def _min(meter: Meter, *values: Any) -> Any:
    return min(_several("min", values, meter))


@_define("max(values, …)", "The largest of a list, or of what is given.", "max(3, 1, 2)", "3")
def _max(meter: Meter, *values: Any) -> Any:
    return max(_several("max", values, meter))


@_define("sum(numbers)", "The numbers of a list added up.", "sum([1, 2, 3])", "6")
def _sum(meter: Meter, numbers: Any) -> Any:
    _list("sum", numbers)
    total: Any = 0
    for number in touched(numbers, meter):
        _need(is_number(number), "sum", "numbers only", number)
        total = BINARY[ast.Add](total, number, meter)
    return total


@_define(
    "sorted(list, by=None, reverse=False)",
    "The items in order: all numbers or all text, or mappings by one of their keys.",
    'sorted([{"n": 2}, {"n": 1}], by="n")',
    '[{"n": 1}, {"n": 2}]',
)
def _sorted(meter: Meter, items: Any, by: Any = None, reverse: Any = False) -> list[Any]:
    _list("sorted", items)
    given = list(touched(items, meter))
    keys = given if by is None else [plain(pick(item, by, "an item of sorted()")) for item in given]
    length = 0
    for key in keys:
        check_comparable(keys[0], key)
        length += len(key) if isinstance(key, str) else 0
    meter.items(len(given))
    meter.spend(len(given) * len(given).bit_length() // 4 + (length >> 5))
    order = sorted(range(len(given)), key=keys.__getitem__, reverse=bool(reverse))
    return [given[place] for place in order]


@_define("reversed(value)", "A list, or text, back to front.", "reversed([1, 2, 3])", "[3, 2, 1]")
def _reversed(meter: Meter, value: Any) -> Any:
    if isinstance(value, str):
        meter.text(len(value), ascii_only=value.isascii())
        return value[::-1]
    _list("reversed", value)
    return list(touched(value, meter))[::-1]


@_define("unique(list)", "The items without repetitions, in the order they came.", "unique([1, 2, 1])", "[1, 2]")
def _unique(meter: Meter, items: Any) -> list[Any]:
    _list("unique", items)
    seen: set[Any] = set()
    kept: list[Any] = []
    for item in touched(items, meter):
        key = ("json", as_json(item, meter, sort=True)) if is_list(item) or is_map(item) else item
        if key not in seen:
            seen.add(key)
            kept.append(item)
            meter.hold(100)
    return kept


@_define("first(list)", "The first item; default() catches an empty list.", "first([4, 5, 6])", "4")
def _first(meter: Meter, items: Any) -> Any:
    return _end("first", items, 0)


@_define("last(list)", "The last item; default() catches an empty list.", "last([4, 5, 6])", "6")
def _last(meter: Meter, items: Any) -> Any:
    return _end("last", items, -1)


def _end(name: str, items: Any, place: int) -> Any:
    _need(is_list(items) or isinstance(items, str), name, "a list", items)
    if not len(items):
        raise Missing("empty", f"{name}() was given an empty list")
    return plain(items[place])


@_define("flatten(list)", "A list of lists as one list, one level down.", "flatten([[1, 2], [3]])", "[1, 2, 3]")
def _flatten(meter: Meter, items: Any) -> list[Any]:
    _list("flatten", items)
    flat: list[Any] = []
    for item in touched(items, meter):
        flat.extend(touched(item, meter) if is_list(item) else (item,))
    meter.items(len(flat))
    return flat


@_define("keys(mapping)", "The keys of a mapping.", 'keys({"a": 1})', '["a"]')
def _keys(meter: Meter, mapping: Any) -> list[Any]:
    _need(is_map(mapping), "keys", "a mapping", mapping)
    meter.items(len(mapping))
    return list(mapping)


@_define("values(mapping)", "The values of a mapping.", 'values({"a": 1})', "[1]")
def _values(meter: Meter, mapping: Any) -> list[Any]:
    _need(is_map(mapping), "values", "a mapping", mapping)
    meter.items(len(mapping))
    return [plain(mapping[key]) for key in mapping]


@_define("join(list, separator=)", "The items of a list as one text.", 'join(["a", "b"], ", ")', '"a, b"')
def _join(meter: Meter, items: Any, separator: Any = "") -> str:
    _list("join", items)
    _text("join", separator)
    parts: list[str] = []
    length, ascii_only = 0, separator.isascii()
    for item in touched(items, meter):
        part = item if isinstance(item, str) else as_text(item, meter)
        length += len(part) + len(separator)
        ascii_only = ascii_only and part.isascii()
        parts.append(part)
    meter.text(length, ascii_only=ascii_only)
    return str(separator.join(parts))


@_define(
    "split(text, separator=None)",
    "Text in parts; at white space without a separator.",
    'split("a,b", ",")',
    '["a", "b"]',
)
def _split(meter: Meter, text: Any, separator: Any = None) -> list[str]:
    _text("split", text, separator if separator is not None else "")
    if separator == "":
        raise ExpressionError("split() needs a separator of at least one character.")
    meter.text(len(text), ascii_only=text.isascii())
    meter.search(len(text), len(separator or " "))
    parts = text.split(separator, MAX_ITEMS)
    meter.items(len(parts))
    meter.hold(60 * len(parts))
    return parts  # type: ignore[no-any-return]


def _changed(name: str, change: Callable[[str], str]) -> Callable[[Meter, Any], str]:
    def call(meter: Meter, text: Any) -> str:
        _text(name, text)
        # a few characters become three of them in the other case
        meter.text(len(text) if text.isascii() else 3 * len(text), ascii_only=text.isascii())
        meter.spend(len(text) >> 6)
        return change(text)

    return call


_define("lower(text)", "Text in lower case.", 'lower("ABC")', '"abc"')(_changed("lower", str.lower))
_define("upper(text)", "Text in upper case.", 'upper("abc")', '"ABC"')(_changed("upper", str.upper))


@_define(
    "strip(text, characters=None)",
    "Text without white space, or these characters, at its ends.",
    'strip("  a ")',
    '"a"',
)
def _strip(meter: Meter, text: Any, characters: Any = None) -> str:
    _text("strip", text, characters if characters is not None else "")
    meter.text(len(text), ascii_only=text.isascii())
    if characters and len(characters) > 100:
        raise ExpressionError("strip() takes at most 100 characters to strip.")
    meter.spend(len(text) * len(characters or " ") >> 9)
    return text.strip(characters)  # type: ignore[no-any-return]


@_define(
    "replace(text, old, new)",
    "Text with each part that reads old replaced by new.",
    'replace("a-b", "-", "+")',
    '"a+b"',
)
def _replace(meter: Meter, text: Any, old: Any, new: Any) -> str:
    _text("replace", text, old, new)
    meter.search(len(text), len(old))
    count = text.count(old)
    meter.search(len(text), len(old))
    meter.spend(count >> 3)
    meter.text(len(text) + count * max(0, len(new) - len(old)), ascii_only=text.isascii() and new.isascii())
    return text.replace(old, new)  # type: ignore[no-any-return]


@_define("startswith(text, start)", "Whether text starts so.", 'startswith("abc", "a")', "true")
def _startswith(meter: Meter, text: Any, start: Any) -> bool:
    _text("startswith", text, start)
    return text.startswith(start)  # type: ignore[no-any-return]


@_define("endswith(text, end)", "Whether text ends so.", 'endswith("a.csv", ".csv")', "true")
def _endswith(meter: Meter, text: Any, end: Any) -> bool:
    _text("endswith", text, end)
    return text.endswith(end)  # type: ignore[no-any-return]


def _default(meter: Meter, value: Any, fallback: Any) -> Any:
    raise AssertionError("default() is compiled on its own, since it must not evaluate what it may not need")


_define(
    "default(value, fallback)",
    "The value, or the fallback where a key, an item or a node's data is missing.",
    "default(inputs.not_there, 0)",
    "0",
)(_default)


@_define(
    "json(value, indent=0)",
    "The value as JSON text.",
    'json({"a": [1, True]})',
    '"{\\"a\\": [1, true]}"',
)
def _to_json(meter: Meter, value: Any, indent: Any = 0) -> str:
    _whole("json", indent)
    if not 0 <= indent <= 8:
        raise ExpressionError("json() indents by 0 to 8 characters.")
    return as_json(value, meter, indent=indent)


@_define("parse_json(text)", "The value that a JSON text holds.", "parse_json('[1, 2]')", "[1, 2]")
def _parse_json(meter: Meter, text: Any) -> Any:
    _text("parse_json", text)
    return from_json(text, meter)


_define("now(zone=None)", "The time now, as ISO text; here, or in a zone.", 'now("UTC")')(dates.now)
_define("today(zone=None)", "Today's date, as ISO text; here, or in a zone.", "today()")(dates.today)
_define(
    "date(value, days=0, hours=0, minutes=0)",
    "A date or time as ISO text, of ISO text or of seconds since 1970, moved by what is given.",
    'date("2026-02-28", days=1)',
    '"2026-03-01"',
)(dates.date)
_define(
    "format_date(value, format)",
    "A date or time written as a format says: %Y %m %d %H %M %S %y %b %B %a %A %j %I %p %z.",
    'format_date("2026-02-28", "%d.%m.%Y")',
    '"28.02.2026"',
)(dates.format_date)


@_define("url_quote(text, safe=)", "Text made fit for a part of an address.", 'url_quote("a b/c")', '"a%20b%2Fc"')
def _url_quote(meter: Meter, text: Any, safe: Any = "") -> str:
    _text("url_quote", text, safe)
    meter.text((3 if text.isascii() else 12) * len(text), ascii_only=True)
    meter.spend(len(text) + len(safe))
    try:
        return quote(text, safe=safe[:100])
    except UnicodeError:
        raise ExpressionError("url_quote() was given text that is not valid Unicode.") from None


@_define("base64(text, decode=False)", "Text in base64 (of its UTF-8), or back.", 'base64("hi")', '"aGk="')
def _base64_text(meter: Meter, text: Any, decode: Any = False) -> str:
    _text("base64", text)
    size = len(text) if text.isascii() else 4 * len(text)
    meter.text(size if decode else 4 + size * 4 // 3, ascii_only=not decode)
    try:
        if decode:
            return _base64.b64decode(text, validate=False).decode()
        return _base64.b64encode(text.encode()).decode()
    except (UnicodeError, binascii.Error, ValueError):
        what = "text in base64" if decode else "valid Unicode text"
        raise ExpressionError(f"base64() was given something that is not {what}.") from None


@_define(
    "range(start, stop=None, step=1)",
    "The whole numbers from 0, or start, up to but without stop.",
    "range(3)",
    "[0, 1, 2]",
)
def _range(meter: Meter, start: Any, stop: Any = None, step: Any = 1) -> ListView:
    for value in (start, step, 0 if stop is None else stop):
        _whole("range", value)
        check_int(value)
    if step == 0:
        raise ExpressionError("range() cannot go in steps of 0.")
    numbers = range(start) if stop is None else range(start, stop, step)
    if numbers[MAX_ITEMS:]:
        raise ExpressionLimitError(f"range() makes at most {MAX_ITEMS:,} numbers.", hint=ELSEWHERE)
    return ListView(numbers)


FUNCTIONS: Mapping[str, FunctionDoc] = MappingProxyType({name: made.doc for name, made in sorted(CALLS.items())})
"""Every function, by name."""
