"""The functions of the language that make, change or read text."""

from __future__ import annotations

import base64 as _base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from flowbook.errors import ExpressionError
from flowbook.expressions.limits import MAX_ITEMS, Meter
from flowbook.expressions.registry import define, need_list, need_text, need_whole
from flowbook.expressions.text import as_json, as_text, from_json
from flowbook.expressions.values import touched


@define("join(list, separator=)", "The items of a list as one text.", 'join(["a", "b"], ", ")', '"a, b"')
def _join(meter: Meter, items: Any, separator: Any = "") -> str:
    need_list("join", items)
    need_text("join", separator)
    parts: list[str] = []
    length, ascii_only = 0, separator.isascii()
    for item in touched(items, meter):
        part = item if isinstance(item, str) else as_text(item, meter)
        length += len(part) + len(separator)
        ascii_only = ascii_only and part.isascii()
        parts.append(part)
    meter.text(length, ascii_only=ascii_only)
    return str(separator.join(parts))


@define(
    "split(text, separator=None)",
    "Text in parts; at white space without a separator.",
    'split("a,b", ",")',
    '["a", "b"]',
)
def _split(meter: Meter, text: Any, separator: Any = None) -> list[str]:
    need_text("split", text, separator if separator is not None else "")
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
        need_text(name, text)
        # a few characters become three of them in the other case
        meter.text(len(text) if text.isascii() else 3 * len(text), ascii_only=text.isascii())
        meter.spend(len(text) >> (6 if text.isascii() else 3))
        return change(text)

    return call


define("lower(text)", "Text in lower case.", 'lower("ABC")', '"abc"')(_changed("lower", str.lower))
define("upper(text)", "Text in upper case.", 'upper("abc")', '"ABC"')(_changed("upper", str.upper))


@define(
    "strip(text, characters=None)",
    "Text without white space, or these characters, at its ends.",
    'strip("  a ")',
    '"a"',
)
def _strip(meter: Meter, text: Any, characters: Any = None) -> str:
    need_text("strip", text, characters if characters is not None else "")
    meter.text(len(text), ascii_only=text.isascii())
    if characters and len(characters) > 100:
        raise ExpressionError("strip() takes at most 100 characters to strip.")
    meter.spend(len(text) * len(characters or " ") >> 5)  # a character of 4,000,000 takes 10 ns
    return text.strip(characters)  # type: ignore[no-any-return]


@define(
    "replace(text, old, new, count=None)",
    "Text with each part that reads old, or the first so many of them, replaced by new.",
    'replace("a-b", "-", "+")',
    '"a+b"',
)
def _replace(meter: Meter, text: Any, old: Any, new: Any, count: Any = None) -> str:
    need_text("replace", text, old, new)
    if count is not None:
        need_whole("replace", count)
    meter.search(len(text), len(old))
    found = text.count(old)
    count = found if count is None else max(0, min(found, count))
    meter.search(len(text), len(old))
    meter.spend(count >> 3)
    meter.text(len(text) + count * max(0, len(new) - len(old)), ascii_only=text.isascii() and new.isascii())
    return text.replace(old, new, count)  # type: ignore[no-any-return]


@define("startswith(text, start)", "Whether text starts so.", 'startswith("abc", "a")', "true")
def _startswith(meter: Meter, text: Any, start: Any) -> bool:
    need_text("startswith", text, start)
    meter.spend(len(start) >> 8)
    return text.startswith(start)  # type: ignore[no-any-return]


@define("endswith(text, end)", "Whether text ends so.", 'endswith("a.csv", ".csv")', "true")
def _endswith(meter: Meter, text: Any, end: Any) -> bool:
    need_text("endswith", text, end)
    meter.spend(len(end) >> 8)
    return text.endswith(end)  # type: ignore[no-any-return]


@define(
    "json(value, indent=0, compact=False)",
    "The value as JSON text; compact is without spaces.",
    'json({"a": [1, True]})',
    '"{\\"a\\": [1, true]}"',
)
def _to_json(meter: Meter, value: Any, indent: Any = 0, compact: Any = False) -> str:
    need_whole("json", indent)
    if not 0 <= indent <= 8:
        raise ExpressionError("json() indents by 0 to 8 characters.")
    return as_json(value, meter, indent=indent, compact=bool(compact))


@define("parse_json(text)", "The value that a JSON text holds.", "parse_json('[1, 2]')", "[1, 2]")
def _parse_json(meter: Meter, text: Any) -> Any:
    need_text("parse_json", text)
    return from_json(text, meter)


@define("url_quote(text, safe=)", "Text made fit for a part of an address.", 'url_quote("a b/c")', '"a%20b%2Fc"')
def _url_quote(meter: Meter, text: Any, safe: Any = "") -> str:
    need_text("url_quote", text, safe)
    if len(safe) > 100:
        raise ExpressionError("url_quote() takes at most 100 safe characters.")
    meter.text((3 if text.isascii() else 12) * len(text), ascii_only=True)
    meter.spend(len(text) + len(safe))
    try:
        return quote(text, safe=safe)
    except UnicodeError:
        raise ExpressionError("url_quote() was given text that is not valid Unicode.") from None


@define("url_unquote(text)", "Text out of a part of an address.", 'url_unquote("a%20b")', '"a b"')
def _url_unquote(meter: Meter, text: Any) -> str:
    need_text("url_unquote", text)
    meter.text(len(text), ascii_only=False)
    meter.spend(len(text))
    return unquote(text)


@define(
    "pad(text, width, fill=, at_end=False)",
    "Text made so wide with what fills it (spaces), at its start or at its end.",
    'pad("7", 3, "0")',
    '"007"',
)
def _pad(meter: Meter, text: Any, width: Any, fill: Any = " ", at_end: Any = False) -> str:
    need_text("pad", text, fill)
    need_whole("pad", width)
    missing = max(0, width - len(text))
    if not missing or not fill:
        return str(text)
    meter.text(width, ascii_only=text.isascii() and fill.isascii())
    filled = (fill * (missing // len(fill) + 1))[:missing]
    return f"{text}{filled}" if at_end else f"{filled}{text}"


@define("base64(text, decode=False)", "Text in base64 (of its UTF-8), or back.", 'base64("hi")', '"aGk="')
def _base64_text(meter: Meter, text: Any, decode: Any = False) -> str:
    need_text("base64", text)
    size = len(text) if text.isascii() else 4 * len(text)
    meter.text(size if decode else 4 + size * 4 // 3, ascii_only=not decode)
    meter.spend(size >> 6)
    try:
        if decode:
            return _base64.b64decode(text, validate=False).decode()
        return _base64.b64encode(text.encode()).decode()
    except (UnicodeError, binascii.Error, ValueError):
        what = "text in base64" if decode else "valid Unicode text"
        raise ExpressionError(f"base64() was given something that is not {what}.") from None
