"""JSON that others wrote, read to a depth of its own.

Python's reader goes as deep as the interpreter lets it. At that limit nothing else has room either: what the garbage
collector runs there (a pool of connections that closes itself, a folder that is removed) fails unseen. So the depth is
counted, and what is deeper is refused before Python's reader has it.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

MAX_DEPTH = 200
"""Levels of arrays and objects; expressions work with half of them."""

_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_OTHER = bytes(set(range(256)) - set(_STEP))


MAX_DIGITS = 4300
"""Of a whole number, as Python reads it."""
_LONG_NUMBER = re.compile(rf"[0-9][0-9_]{{{MAX_DIGITS}}}")
TOO_LONG = f"a number in it has more than {MAX_DIGITS} digits"


class TooDeep(ValueError):
    """JSON that is nested more than :data:`MAX_DEPTH` levels deep."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {MAX_DEPTH} levels deep")


def parse_json(text: str | bytes | bytearray, **reading: Any) -> Any:
    """What the JSON in ``text`` says; bytes are read as UTF-8, UTF-16 or UTF-32, as RFC 8259 has it.

    ``reading`` is what :func:`json.loads` takes (``parse_constant``, ``object_pairs_hook`` …). Raises
    :class:`TooDeep` for what is nested too deeply, :class:`ValueError` for all else that is no JSON, and
    :class:`TypeError` for what is no text.
    """
    if not isinstance(text, (str, bytes, bytearray)):
        raise TypeError(f"JSON is text or bytes, not {type(text).__name__}")
    if not _has_many(text):
        return _loaded(text, **reading)
    from pydantic_core import from_json

    try:
        found = from_json(text)  # fast, and counts its levels itself; but takes UTF-8 only, and no lone surrogates
    except (ValueError, TypeError):
        if is_deep(text):
            raise TooDeep from None
    else:
        if not reading:
            return found
    return _loaded(text, **reading)


def _loaded(text: str | bytes | bytearray, **reading: Any) -> Any:
    try:
        return json.loads(text, **reading)
    except ValueError as error:
        if type(error) is ValueError and has_long_number(text):
            raise ValueError(TOO_LONG) from None
        raise


def has_long_number(text: str | bytes | bytearray) -> bool:
    """Whether Python would refuse a whole number in it for its length."""
    if not isinstance(text, str):
        text = bytes(text).decode(json.detect_encoding(text), "replace")
    return _LONG_NUMBER.search(text) is not None


def is_deep(text: str | bytes | bytearray) -> bool:
    """Whether JSON is nested more than :data:`MAX_DEPTH` levels deep; what is none, before its first fault."""
    if not _has_many(text):
        return False
    if not isinstance(text, str):
        text = bytes(text).decode(json.detect_encoding(text), "replace")
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")  # so that each quote left begins or ends a string
    outside = "".join(text.split('"')[::2])
    brackets = outside.encode("utf-8", "replace").translate(None, _OTHER)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH


def _has_many(text: str | bytes | bytearray) -> bool:
    """Whether so many arrays and objects begin in it that it could be too deep."""
    if isinstance(text, str):
        return text.count("[") + text.count("{") > MAX_DEPTH
    return text.count(b"[") + text.count(b"{") > MAX_DEPTH
