"""What an unquoted scalar of a workflow file is: null, true or false, a number, or text."""

from __future__ import annotations

import re
from typing import Any

_MAX_DIGITS = 4000
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"([-+]?(\.inf|\.Inf|\.INF|Infinity)|\.nan|\.NaN|\.NAN|NaN)\Z")
_COULD_BE_TYPED = re.compile(r"[-+.0-9~nNtTfFI]|\Z")


def resolve(text: str) -> Any:
    """The value of an unquoted scalar. Raises ValueError for numbers that JSON cannot hold."""
    if not _COULD_BE_TYPED.match(text):
        return text
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.match(text) or _HEXADECIMAL.match(text):
        if len(text) > _MAX_DIGITS:
            raise ValueError(f"this number has more than {_MAX_DIGITS} digits")
        return int(text, 0)
    if _DECIMAL.match(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise ValueError(f"the number {text[:40]} is too large")
        return number
    if _NOT_FINITE.match(text):
        raise ValueError(f"{text} is not a number that a workflow can hold")
    return text
