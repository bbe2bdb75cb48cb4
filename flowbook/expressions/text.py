"""Values as text: filled into templates, and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions.limits import MAX_TEXT, Meter, check_int, digits_cost, too_large
from flowbook.expressions.values import copied
from flowbook.expressions.views import plain
from flowbook.json_text import TooDeep, parse_json

_ENCODER = 30
"""Steps that making what writes JSON takes."""
_FLOAT = 4
"""Steps that writing a number with decimals takes."""


def as_text(value: Any, meter: Meter) -> str:
    """The text that a value is filled in as: None is empty, lists and mappings are JSON."""
    value = plain(value)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        meter.spend(2 + digits_cost(check_int(value)))
        return str(value)
    if isinstance(value, float):
        meter.spend(_FLOAT)
        return repr(value)
    return as_json(value, meter)


def as_json(value: Any, meter: Meter, *, indent: int = 0, sort: bool = False, compact: bool = False) -> str:
    """JSON text; ExpressionError for NaN and infinity, which JSON cannot hold."""
    meter.spend(_ENCODER)
    value = copied(value, meter)
    encoder = json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, indent=indent or None, sort_keys=sort,
        separators=(",", ":") if compact and not indent else None,
    )  # fmt: skip
    try:
        length = _pay(value, meter)
        if not indent:
            meter.text(length)
            return encoder.encode(value)
        parts: list[str] = []
        for part in encoder.iterencode(value):
            meter.text(len(part))
            meter.spend(6)
            parts.append(part)
        meter.text(sum(map(len, parts)))
        return "".join(parts)
    except (ValueError, TypeError):
        raise ExpressionError(
            "it holds something that JSON cannot: NaN, infinity, a huge number, or keys of several kinds."
        ) from None


def _pay(value: Any, meter: Meter) -> int:
    """Pay for writing the JSON of a plain copy; its length at most: escapes make one character six, in rare texts."""
    length = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            meter.spend(1 + (len(item) >> 6))
            length += 4 + len(item) if item.isprintable() else 4 + 6 * len(item)
        elif type(item) is dict:
            waiting.extend(item)
            waiting.extend(item.values())
        elif type(item) is list:
            waiting.extend(item)
        elif type(item) is int:
            meter.spend(digits_cost(item))
            length += 4 + item.bit_length() // 3
        else:
            meter.spend(_FLOAT if type(item) is float else 0)
            length += 8
        meter.spend()
        if length > MAX_TEXT:
            break
    meter.spend(length >> 5)
    return length


def from_json(text: str, meter: Meter) -> Any:
    """The value of a JSON text, paid for by counting what it will become before it is read."""
    meter.spend(1 + (len(text) >> 6))
    containers = text.count("{") + text.count("[")
    parts = containers + text.count(",") + text.count(":")
    meter.spend(parts)
    meter.hold(240 * containers + 80 * parts)
    meter.text(len(text), ascii_only=text.isascii())
    try:
        return parse_json(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
    except TooDeep:
        raise ExpressionError("parse_json() was given JSON that is nested too deeply.") from None
    except ValueError as problem:
        where = f" (at character {problem.pos})" if isinstance(problem, json.JSONDecodeError) else ""
        raise ExpressionError(f"parse_json() was given text that is not JSON{where}.") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ExpressionError("parse_json() was given a number that is too large.")
    return number


def _whole(text: str) -> int:
    if len(text) > 1_300:
        raise too_large()
    return check_int(int(text))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
